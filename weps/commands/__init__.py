"""
The command line: one command a file, each with `add_to(parsers)` and `run(arguments) -> exit code`.

Exit codes: 0 done, 1 the input is wrong, 2 misuse. Results go to stdout, talk to stderr.
"""

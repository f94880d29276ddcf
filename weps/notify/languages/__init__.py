"""The languages that alerts are told in, one a file: add a file and a line here for another."""

from weps.model import Language
from weps.notify.languages.english import ENGLISH
from weps.notify.languages.french import FRENCH
from weps.notify.languages.german import GERMAN
from weps.notify.languages.italian import ITALIAN
from weps.notify.languages.spanish import SPANISH

PHRASES = {
    Language.ENGLISH: ENGLISH,
    Language.GERMAN: GERMAN,
    Language.FRENCH: FRENCH,
    Language.SPANISH: SPANISH,
    Language.ITALIAN: ITALIAN,
}

"""
The tables of the service. Instants are integers: microseconds since 1970-01-01T00:00:00Z.

`observations` is clustered by its primary key (series, phenomenon time, result time), so that a range of one series is
read from neighbouring pages. That key is also the identity of an observation: see `storage/insert.py`.

Extents (first, last, bounds) stand beside what they describe and are moved by each insert in its own transaction;
nothing ever reads all observations to find them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# One row: what changes of the service as a whole.
SERVICE = Table(
    "service",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("updated", BigInteger, nullable=False),  # last change of sensors or extents: the update sequence
    Column("last_observation", BigInteger, nullable=False),  # the highest observation number given so far
    # moved on when series are deleted: what a process remembers of series holds for one generation only
    Column("generation", BigInteger, nullable=False, server_default="0"),
)

PROCEDURES = Table(
    "procedures",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("identifier", String, nullable=False, unique=True),
    Column("name", String),
)

# Each description of a procedure holds from `first` until before `last`; NULL is unknown or open. They never overlap.
DESCRIPTIONS = Table(
    "descriptions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("procedure_id", ForeignKey("procedures.id"), nullable=False, index=True),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("description_format", String, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

OFFERINGS = Table(
    "offerings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("identifier", String, nullable=False, unique=True),
    Column("name", String),
    Column("procedure_id", ForeignKey("procedures.id"), nullable=False, index=True),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("first_result", BigInteger),
    Column("last_result", BigInteger),
    Column("west", Float),
    Column("south", Float),
    Column("east", Float),
    Column("north", Float),
)

# What an offering allows: `kind` is a member of `Term`, `position` keeps the order of the request.
OFFERING_TERMS = Table(
    "offering_terms",
    METADATA,
    Column("offering_id", ForeignKey("offerings.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("term", String, primary_key=True),
    Column("position", Integer, nullable=False),
)

FEATURES = Table(
    "features",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("identifier", String, nullable=False, unique=True),
    Column("name", String),
    Column("description", String),
    Column("feature_type", String, nullable=False),
    Column("sampled_feature", String),
    Column("geometry", String),  # GeoJSON, longitude first
    Column("west", Float),
    Column("south", Float),
    Column("east", Float),
    Column("north", Float),
)

# `publication` names the set of offerings that an observation was published under, so that one published under two
# offerings is stored once. The unit belongs to the series: its first observation with a unit sets it.
SERIES = Table(
    "series",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("publication", String, nullable=False),
    Column("procedure_id", ForeignKey("procedures.id"), nullable=False),
    Column("observed_property", String, nullable=False),
    Column("feature_id", ForeignKey("features.id"), nullable=False, index=True),
    Column("observation_type", String, nullable=False),
    Column("uom", String),
    Column("count", BigInteger, nullable=False),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("first_result", BigInteger),
    Column("last_result", BigInteger),
    UniqueConstraint("procedure_id", "observed_property", "feature_id", "observation_type", "publication"),
)

SERIES_OFFERINGS = Table(
    "series_offerings",
    METADATA,
    Column("offering_id", ForeignKey("offerings.id"), primary_key=True),
    Column("series_id", ForeignKey("series.id"), primary_key=True),
    Index("ix_series_offerings_series_id", "series_id"),
    sqlite_with_rowid=False,
)

# `number` holds measurements, counts and truths (0 or 1), `text` categories and texts; both NULL is a nil result.
OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("series_id", ForeignKey("series.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, primary_key=True),
    Column("result_time", BigInteger, primary_key=True),
    Column("id", BigInteger, nullable=False),
    Column("number", Float),
    Column("text", String),
    Column("identifier", String),
    Column("nil_reason", String),
    Column("valid_first", BigInteger),
    Column("valid_last", BigInteger),
    sqlite_with_rowid=False,
)

# Only observations that somebody named are found by their name; the others have a name made of their key.
Index(
    "ix_observations_identifier",
    OBSERVATIONS.c.identifier,
    sqlite_where=OBSERVATIONS.c.identifier.is_not(None),
    postgresql_where=OBSERVATIONS.c.identifier.is_not(None),
)

# Where an observation was made, for those that tell; it goes with its observation.
SAMPLING_GEOMETRIES = Table(
    "sampling_geometries",
    METADATA,
    Column("series_id", Integer, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, primary_key=True),
    Column("result_time", BigInteger, primary_key=True),
    Column("west", Float, nullable=False),
    Column("south", Float, nullable=False),
    Column("east", Float, nullable=False),
    Column("north", Float, nullable=False),
    Column("geometry", String, nullable=False),  # GeoJSON, longitude first
    ForeignKeyConstraint(
        ["series_id", "first", "last", "result_time"],
        ["observations.series_id", "observations.first", "observations.last", "observations.result_time"],
        ondelete="CASCADE",
    ),
    sqlite_with_rowid=False,
)

# What an observation tells besides its result, for those that do; it goes with its observation.
ANNOTATIONS = Table(
    "annotations",
    METADATA,
    Column("series_id", Integer, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, primary_key=True),
    Column("result_time", BigInteger, primary_key=True),
    Column("annotations", String, nullable=False),  # `model.Annotations` as JSON
    ForeignKeyConstraint(
        ["series_id", "first", "last", "result_time"],
        ["observations.series_id", "observations.first", "observations.last", "observations.result_time"],
        ondelete="CASCADE",
    ),
    sqlite_with_rowid=False,
)

# `feature` is what the template had inline, as JSON. Without `feature_of_interest` each result names its own.
RESULT_TEMPLATES = Table(
    "result_templates",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("identifier", String, nullable=False, unique=True),
    Column("offering_id", ForeignKey("offerings.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("observed_property", String, nullable=False),
    Column("observation_type", String, nullable=False),
    Column("feature_of_interest", String),
    Column("feature", String),
    Column("structure", LargeBinary, nullable=False),
    Column("encoding", LargeBinary, nullable=False),
)

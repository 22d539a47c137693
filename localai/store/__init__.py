"""Everything that is recorded, in SQLite; all SQL lives here."""

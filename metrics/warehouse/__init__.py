"""Where purchases live and are counted: one SQL engine, reached through SQLAlchemy Core."""

"""What Alembic runs for `upgrade`: the revisions, on the connection that it was given."""

from alembic import context

from central.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

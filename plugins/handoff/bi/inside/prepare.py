"""Bring Superset's own database up to date, and into it the administrator, the connection and the dashboard.

python -m handoff.bi.inside.prepare

What is in `assets/` wins over what was edited under the same ids: the files are the source.
"""

from pathlib import Path

import flask_migrate
import yaml
from superset.app import create_app

from handoff import connections
from handoff.local import state
from handoff.settings import settings

ASSETS = Path(__file__).parents[1] / "assets"
DATABASE = "databases/handoff.yaml"
ADMIN = "admin"


def contents(reader: connections.Credentials) -> dict[str, str]:
    """Every asset by its path, as Superset's import wants it; the connection is the reader's."""
    found = {str(path.relative_to(ASSETS)): path.read_text() for path in sorted(ASSETS.rglob("*.yaml"))}
    database = yaml.safe_load(found[DATABASE]) | {"sqlalchemy_uri": reader.dsn}
    return found | {DATABASE: yaml.safe_dump(database)}


def main() -> None:
    password = state.read_secrets(state.layout(settings())).superset_admin
    app = create_app()
    with app.app_context():
        flask_migrate.upgrade()
        # Imported here: these look at the application while they are imported.
        from superset import appbuilder, db, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.utils.core import override_user

        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        admin = security_manager.find_user(ADMIN)
        if admin:
            security_manager.reset_password(admin.id, password)
        else:
            role = security_manager.find_role("Admin")
            admin = security_manager.add_user(ADMIN, "Handoff", "Administrator", "admin@localhost", role, password)
        db.session.commit()
        with override_user(admin):
            ImportAssetsCommand(contents(connections.get(connections.BI))).run()


if __name__ == "__main__":
    main()

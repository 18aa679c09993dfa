#!/usr/bin/env bash
# SQL Lab puts a limit of its own in the place of a smaller one in the statement.
#
# Version: apache-superset 6.1.0 (with flask-caching 2.3.1, as a newer one keeps it from starting).
# Expected: the smaller of the statement's LIMIT and the limit that is chosen beside the editor; Superset records it as the query's limit.
# Happens: the statement runs with the chosen one and one row more, whatever the statement says. The recorded limit is the smaller one.
# Seen: SELECT n FROM numbers LIMIT 3 runs as LIMIT 101 and answers 100 rows; the query's limit is recorded as 3
# eventlake: docs/grafana.md says so, as a chosen limit is a price to pay with Athena: an outer SELECT keeps the statement's own.
. "$(dirname "$0")/with_packages.bash" apache-superset==6.1.0 flask-caching==2.3.1 rich cachetools
cat > superset_config.py <<END
SECRET_KEY = "a key of a folder that is removed in a minute"
SQLALCHEMY_DATABASE_URI = "sqlite:///$folder/superset.db"
PREVENT_UNSAFE_DB_CONNECTIONS = False
WTF_CSRF_ENABLED = False
END
export SUPERSET_CONFIG_PATH=$folder/superset_config.py FLASK_APP=superset
env/bin/superset db upgrade > log 2>&1 || { cat log; exit 1; }
env/bin/superset fab create-admin --username admin --firstname A --lastname B --email a@example.com --password admin >> log 2>&1
env/bin/superset init >> log 2>&1
env/bin/python - 2>> log <<'END'
import sqlite3
from superset.app import create_app

with sqlite3.connect("numbers.db") as numbers:
    numbers.execute("CREATE TABLE numbers AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000) SELECT n FROM r")
client = create_app().test_client()
sign_in = {"username": "admin", "password": "admin", "provider": "db"}
token = {"Authorization": "Bearer " + client.post("/api/v1/security/login", json=sign_in).json["access_token"]}
database = {"database_name": "numbers", "sqlalchemy_uri": "sqlite:///numbers.db", "expose_in_sqllab": True}
made = client.post("/api/v1/database/", json=database, headers=token).json["id"]

def run(sql):
    asked = {"database_id": made, "sql": sql, "runAsync": False, "queryLimit": 100}
    answer = client.post("/api/v1/sqllab/execute/", json=asked, headers=token).json
    told = client.get(f"/api/v1/query/{answer['query_id']}", headers=token).json["result"]
    print(sql, "| ran as", " ".join(told["executed_sql"].split()), "| rows", len(answer["data"]), "| limit recorded", told["limit"])
    return " ".join(told["executed_sql"].split()), len(answer["data"]), told["limit"]

assert run("SELECT n FROM numbers LIMIT 3") == ("SELECT n FROM numbers LIMIT 101", 100, 3)
assert run("SELECT * FROM (SELECT n FROM numbers LIMIT 3) AS three")[1] == 3
END

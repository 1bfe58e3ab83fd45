# make run    from a fresh clone to the first page, with demo data
# make test   everything that must hold before a change is taken
# make audit  what we depend on: known holes, licences
# make sqlx   asks the database about every query anew, after a query or a migration has changed
.PHONY: run test audit sqlx

run:
	@.ci/start demo

test:
	@.ci/test

audit:
	@.ci/audit

sqlx:
	@.ci/queries write

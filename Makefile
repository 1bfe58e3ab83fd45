# make run    from a fresh clone to the first page, with demo data
# make test   everything that must hold before a change is taken
# make audit  what we depend on: known holes, licences
# make bench  speed against a bare page over the same rows, and a month of governance; takes some minutes on a quiet machine
# make pictures draws the pictures of the guide from the demo, in a real Chromium
# make sqlx   asks the database about every query anew, after a query or a migration has changed
.PHONY: run test audit bench sqlx pictures

run:
	@.ci/start demo

test:
	@.ci/test

audit:
	@.ci/audit

bench:
	@SQLX_OFFLINE=true cargo bench --bench speed
	@SQLX_OFFLINE=true cargo bench --bench governance
	@SQLX_OFFLINE=true cargo bench --bench export

sqlx:
	@.ci/queries write

pictures:
	@.ci/needs test
	@SQLX_OFFLINE=true cargo test --test browser -- --ignored draw_the_guide

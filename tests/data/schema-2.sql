-- What came to schema-1.sql with version 2, and rows of that time. The token is
-- pl_at_a-token-of-version-2; its SHA-256 was computed apart from Postlatch.
BEGIN TRANSACTION;
ALTER TABLE member ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
CREATE TABLE totp ( member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE, registered_at BIGINT NOT NULL, registered_ip TEXT NOT NULL);
CREATE TABLE session ( id INTEGER PRIMARY KEY AUTOINCREMENT, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE, channel TEXT NOT NULL, generation BIGINT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, ip TEXT NOT NULL, device TEXT NOT NULL);
CREATE INDEX session_member ON session (member_id);
CREATE TABLE token ( digest BYTEA PRIMARY KEY, session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE CASCADE, expires_at BIGINT NOT NULL);
CREATE INDEX token_session ON token (session_id);
INSERT INTO "schema_history" VALUES(2,'second factors, webmail sessions',1700000200);
INSERT INTO "totp" VALUES(2,1700000210,'192.0.2.7');
INSERT INTO "session" VALUES(9,2,'webmail',0,1700000220,1700100000,'192.0.2.8','Browser');
INSERT INTO "token" VALUES(X'AED43C29CE2689D4B519CA971DAF4712B1A0143DD3C9774F64868B95BC61A45A',9,1700090000);
COMMIT;

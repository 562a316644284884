-- A database of version 1, as an SQL dump. Its app password is abcdefghijklmnop,
-- under key 1 of the tests; the MAC was computed apart from Postlatch.
BEGIN TRANSACTION;
CREATE TABLE audit ( id INTEGER PRIMARY KEY AUTOINCREMENT, at BIGINT NOT NULL, who TEXT NOT NULL, source TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);
INSERT INTO "audit" VALUES(1,1700000010,'root','local','member.add','owner@example.test','','pop3=on');
INSERT INTO "audit" VALUES(2,1700000020,'root','local','app-password.create','owner@example.test','','id=4 label=office scanner');
CREATE TABLE domain ( id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, active SMALLINT NOT NULL, created_at BIGINT NOT NULL, webmail TEXT, imap TEXT, pop3 TEXT, smtp TEXT, sieve TEXT, forwarding TEXT, large_attachments TEXT, two_factor TEXT, requirement TEXT, use TEXT, client_password TEXT);
INSERT INTO "domain" VALUES(1,'example.test',1,1700000001,NULL,NULL,'off',NULL,NULL,NULL,NULL,NULL,'required',NULL,NULL);
INSERT INTO "domain" VALUES(2,'asleep.test',0,1700000002,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE member ( id INTEGER PRIMARY KEY AUTOINCREMENT, domain_id BIGINT NOT NULL REFERENCES domain (id) ON DELETE CASCADE, local TEXT NOT NULL, active SMALLINT NOT NULL, class TEXT NOT NULL, created_at BIGINT NOT NULL, webmail TEXT, imap TEXT, pop3 TEXT, smtp TEXT, sieve TEXT, forwarding TEXT, large_attachments TEXT, two_factor TEXT, requirement TEXT, use TEXT, client_password TEXT, UNIQUE (domain_id, local));
INSERT INTO "member" VALUES(1,1,'plain',1,'',1700000010,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "member" VALUES(2,1,'owner',1,'staff',1700000011,NULL,'off','on',NULL,NULL,NULL,NULL,NULL,NULL,'skip',NULL);
INSERT INTO "member" VALUES(3,1,'off',0,'',1700000012,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE app_password ( id INTEGER PRIMARY KEY AUTOINCREMENT, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE, mac BYTEA NOT NULL, key_id INTEGER NOT NULL, label TEXT NOT NULL, services TEXT NOT NULL, networks TEXT NOT NULL, expires_at BIGINT NOT NULL, created_at BIGINT NOT NULL, last_used_at BIGINT, last_used_ip TEXT, last_used_service TEXT, UNIQUE (member_id, mac));
INSERT INTO "app_password" VALUES(4,2,X'F1ADEEA660BB621155C41803998F159EDAE8508132A00E631E7CB0D21BA3A576',1,'office scanner','smtp','192.0.2.0/24',0,1700000020,1700000100,'192.0.2.7','smtp');
CREATE TABLE member_use ( member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE, service TEXT NOT NULL, used_at BIGINT NOT NULL, ip TEXT NOT NULL, PRIMARY KEY (member_id, service));
INSERT INTO "member_use" VALUES(2,'imap',1700000100,'192.0.2.7');
CREATE TABLE schema_history ( version INTEGER PRIMARY KEY, title TEXT NOT NULL, applied_at BIGINT NOT NULL);
INSERT INTO "schema_history" VALUES(1,'domains, members, app passwords, audit',1700000000);
CREATE INDEX audit_object ON audit (object, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('domain',2);
INSERT INTO "sqlite_sequence" VALUES('member',3);
INSERT INTO "sqlite_sequence" VALUES('app_password',4);
INSERT INTO "sqlite_sequence" VALUES('audit',2);
COMMIT;

PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE users (
  user_id integer NOT NULL PRIMARY KEY,
  username varchar(128) NOT NULL default '',
  mail_host varchar(128) NOT NULL default '',
  created datetime NOT NULL default '0000-00-00 00:00:00',
  last_login datetime DEFAULT NULL,
  failed_login datetime DEFAULT NULL,
  failed_login_counter integer DEFAULT NULL,
  language varchar(16),
  preferences text DEFAULT NULL
);
INSERT INTO users VALUES(1,'anna@webmail.test','localhost','2024-05-01 10:00:00',NULL,NULL,NULL,'en_US',replace('a:2:{s:11:"client_hash";s:5:"a''b\nc";s:24:"twofactor_gauthenticator";a:2:{s:6:"secret";s:16:"GEZDGNBVGY3TQOJQ";s:8:"activate";b:1;}}','\n',char(10)));
INSERT INTO users VALUES(2,'ben@webmail.test','localhost','2024-05-01 10:00:00',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE IF NOT EXISTS "system" (
  name varchar(64) NOT NULL PRIMARY KEY,
  value text NOT NULL
);
INSERT INTO "system" VALUES('roundcube-version','2022081200');
CREATE UNIQUE INDEX ix_users_username ON users(username, mail_host);
COMMIT;

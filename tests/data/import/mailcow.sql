/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: mailcow
-- ------------------------------------------------------
-- Server version	10.11.6-MariaDB

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;

--
-- Table structure for table `admin`
--

DROP TABLE IF EXISTS `admin`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `admin` (
  `username` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `superadmin` tinyint(1) NOT NULL DEFAULT 0,
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `admin` VALUES
('admin','{SSHA256}not-a-hash',1,1);

--
-- Table structure for table `alias`
--

CREATE TABLE `alias` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `address` varchar(255) NOT NULL,
  `goto` text NOT NULL,
  `domain` varchar(255) NOT NULL,
  `created` datetime NOT NULL DEFAULT current_timestamp(),
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`id`),
  UNIQUE KEY `address` (`address`),
  KEY `domain` (`domain`)
) ENGINE=InnoDB AUTO_INCREMENT=6 DEFAULT CHARSET=utf8mb4;
LOCK TABLES `alias` WRITE;
/*!40000 ALTER TABLE `alias` DISABLE KEYS */;
INSERT INTO `alias` VALUES
(1,'anna@mail.test','anna@mail.test','mail.test','2024-05-01 10:00:00',1),
(2,'ben@mail.test','ben@mail.test,ben@elsewhere.test','mail.test','2024-05-01 10:00:00',1),
(3,'office@mail.test','anna@mail.test,ben@mail.test','mail.test','2024-05-01 10:00:00',1),
(4,'@mail.test','anna@mail.test','mail.test','2024-05-01 10:00:00',1);
/*!40000 ALTER TABLE `alias` ENABLE KEYS */;
UNLOCK TABLES;

CREATE TABLE `alias_domain` (
  `alias_domain` varchar(255) NOT NULL,
  `target_domain` varchar(255) NOT NULL,
  `created` datetime NOT NULL DEFAULT current_timestamp(),
  `modified` datetime DEFAULT NULL ON UPDATE current_timestamp(),
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`alias_domain`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `alias_domain` VALUES
('mail-too.test','mail.test','2024-05-01 10:00:00',NULL,1);

CREATE TABLE `app_passwd` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(255) NOT NULL,
  `mailbox` varchar(255) NOT NULL,
  `domain` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `imap_access` tinyint(1) NOT NULL DEFAULT 1,
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `app_passwd` VALUES
(1,'Anna\'s phone; (old)','anna@mail.test','mail.test','{BLF-CRYPT}$2y$10$not-a-hash',1,1),
(2,'scanner','ben@mail.test','mail.test','{BLF-CRYPT}$2y$10$not-a-hash',1,1);

CREATE TABLE `domain` (
  `domain` varchar(255) NOT NULL,
  `description` varchar(255) DEFAULT NULL,
  `quota` bigint(20) NOT NULL DEFAULT 102400,
  `backupmx` tinyint(1) NOT NULL DEFAULT 0,
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`domain`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `domain` VALUES
('mail.test','It\'s the first: \"mail\"\n(two lines)',102400,0,1),
('closed.test',NULL,102400,0,0),
('relay.test',NULL,102400,1,1);

CREATE TABLE `fido2` (
  `username` varchar(255) NOT NULL,
  `friendlyName` varchar(255) DEFAULT NULL,
  `AAGUID` blob DEFAULT NULL,
  `active` tinyint(1) NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `fido2` VALUES
('anna@mail.test','laptop',_binary '\0\0'';\"',1);

CREATE TABLE `mailbox` (
  `username` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `quota` bigint(20) NOT NULL DEFAULT 102400,
  `local_part` varchar(255) NOT NULL,
  `domain` varchar(255) NOT NULL,
  `attributes` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`attributes`)),
  `kind` varchar(100) NOT NULL DEFAULT '',
  `authsource` enum('mailcow','keycloak','generic-oidc','ldap') DEFAULT 'mailcow',
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`username`),
  KEY `domain` (`domain`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `mailbox` VALUES
('anna@mail.test','{BLF-CRYPT}$2y$10$not-a-hash','Anna',102400,'anna','mail.test','{\"force_pw_update\": \"0\", \"tls_enforce_in\": \"0\", \"tls_enforce_out\": \"1\", \"sogo_access\": \"1\", \"imap_access\": \"1\", \"pop3_access\": \"0\", \"smtp_access\": \"1\", \"sieve_access\": \"1\"}','','mailcow',1),
('ben@mail.test','{BLF-CRYPT}$2y$10$not-a-hash','Ben',102400,'ben','mail.test','{\"sogo_access\": \"0\", \"imap_access\": \"0\", \"pop3_access\": \"0\", \"smtp_access\": \"0\", \"sieve_access\": \"0\", \"eas_access\": \"0\", \"force_tfa\": \"1\"}','','mailcow',1),
('cleo@mail.test','{BLF-CRYPT}$2y$10$not-a-hash','Cleo',102400,'cleo','mail.test','{}','','ldap',2),
('dora@closed.test','{BLF-CRYPT}$2y$10$not-a-hash','Dora',102400,'dora','closed.test',NULL,'','mailcow',0),
('room@mail.test','{BLF-CRYPT}$2y$10$not-a-hash','Room 7',0,'room','mail.test','{}','location','mailcow',1);

CREATE TABLE `tfa` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `key_id` varchar(255) NOT NULL,
  `username` varchar(255) NOT NULL,
  `authmech` enum('yubi_otp','u2f','hotp','totp','webauthn') DEFAULT NULL,
  `secret` varchar(255) DEFAULT NULL,
  `counter` int(11) NOT NULL DEFAULT 0,
  `active` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `tfa` VALUES
(1,'phone','anna@mail.test','totp','JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',0,1),
(2,'key','ben@mail.test','webauthn',NULL,0,1),
(3,'key','cleo@mail.test','yubi_otp','12345:abcdef',0,1),
(4,'old phone','cleo@mail.test','totp','JBSWY3DPEHPK3PXP',0,0),
(5,'phone','admin','totp','JBSWY3DPEHPK3PXP',0,1),
(6,'phone','dora@closed.test','totp','not base32!',0,1);

DELIMITER ;;
/*!50106 CREATE EVENT `clean` ON SCHEDULE EVERY 1 DAY DO BEGIN
  DELETE FROM spamalias WHERE validity < UNIX_TIMESTAMP(); INSERT INTO mailbox VALUES ('event@mail.test');
END */ ;;
CREATE TRIGGER `t` BEFORE INSERT ON `alias` FOR EACH ROW BEGIN SET @a = 'x;'; END ;;
DELIMITER ;

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;

-- Dump completed on 2026-11-30 12:00:00

-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: postfix
-- ------------------------------------------------------

DROP TABLE IF EXISTS `admin`;
CREATE TABLE `admin` (
  `username` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `active` tinyint(1) NOT NULL DEFAULT '1',
  `totp_secret` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`username`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='Postfix Admin - Virtual Admins';
INSERT INTO `admin` VALUES ('root@post.test','$1$not-a-hash',1,NULL);

CREATE TABLE `alias` (
  `address` varchar(255) NOT NULL,
  `goto` text NOT NULL,
  `domain` varchar(255) NOT NULL,
  `created` datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  `active` tinyint(1) NOT NULL DEFAULT '1',
  PRIMARY KEY (`address`),
  KEY `domain` (`domain`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='Postfix Admin - Virtual Aliases';
INSERT INTO `alias` VALUES ('anna@post.test','anna@post.test','post.test','2024-05-01 10:00:00',1),('ben@post.test','ben@post.test,archive@post.test','post.test','2024-05-01 10:00:00',1),('info@post.test','anna@post.test','post.test','2024-05-01 10:00:00',1),('@post.test','anna@post.test','post.test','2024-05-01 10:00:00',1);

CREATE TABLE `alias_domain` (
  `alias_domain` varchar(255) NOT NULL DEFAULT '',
  `target_domain` varchar(255) NOT NULL DEFAULT '',
  `active` tinyint(1) NOT NULL DEFAULT '1',
  PRIMARY KEY (`alias_domain`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;
INSERT INTO `alias_domain` VALUES ('post-too.test','post.test',1),('own.test','post.test',1),('nowhere.test','missing.test',1),('again.test','post-too.test',1);

CREATE TABLE `domain` (
  `domain` varchar(255) NOT NULL,
  `description` varchar(255) CHARACTER SET utf8mb3 NOT NULL,
  `transport` varchar(255) NOT NULL,
  `backupmx` tinyint(1) NOT NULL DEFAULT '0',
  `active` tinyint(1) NOT NULL DEFAULT '1',
  PRIMARY KEY (`domain`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;
INSERT INTO `domain` VALUES ('ALL','','',0,1),('post.test','','virtual',0,1),('post-too.test','','virtual',0,1),('own.test','','virtual',0,1),('nowhere.test','','virtual',0,1),('again.test','','virtual',0,1),('backup.test','','relay',1,1),('bad_domain..test','','virtual',0,1);

CREATE TABLE `mailbox` (
  `username` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `name` varchar(255) CHARACTER SET utf8mb3 NOT NULL,
  `maildir` varchar(255) NOT NULL,
  `local_part` varchar(255) NOT NULL,
  `domain` varchar(255) NOT NULL,
  `active` tinyint(1) NOT NULL DEFAULT '1',
  `totp_secret` varchar(255) CHARACTER SET utf8mb3 DEFAULT NULL,
  `smtp_active` tinyint(1) NOT NULL DEFAULT '1',
  PRIMARY KEY (`username`),
  KEY `domain` (`domain`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;
INSERT INTO `mailbox` VALUES ('anna@post.test','$1$not-a-hash','Anna','post.test/anna/','anna','post.test',1,'NB2HI4DTHIXS6ZLYMFWXA3DFFZXXEZZPORXXI4BOORSXG5DJNZTS42LOOVZS4Z3PN5SC453FMJWWC2LMFZ2GK43UOMXGG33NMRWXI4T',1),('ben@post.test','$1$not-a-hash','Ben','post.test/ben/','ben','post.test',1,NULL,0),('eve@own.test','$1$not-a-hash','Eve','own.test/eve/','eve','own.test',0,'',1);

CREATE TABLE `mailbox_app_password` (
  `id` int NOT NULL AUTO_INCREMENT,
  `username` varchar(255) DEFAULT NULL,
  `description` varchar(255) DEFAULT NULL,
  `password_hash` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `mailbox_app_password` VALUES (1,'ben@post.test','phone','$1$not-a-hash');

CREATE TABLE `totp_exception_address` (
  `id` int NOT NULL AUTO_INCREMENT,
  `ip` varchar(46) NOT NULL,
  `username` varchar(255) DEFAULT NULL,
  `description` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `ip_user` (`ip`,`username`)
) ENGINE=InnoDB;
INSERT INTO `totp_exception_address` VALUES (1,'192.0.2.7','anna@post.test','office'),(2,'192.0.2.8',NULL,NULL);

-- Dump completed on 2026-11-30 12:00:00

-- phpMyAdmin SQL Dump
-- version 5.2.1
-- https://www.phpmyadmin.net/

SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;

CREATE TABLE `rc_users` (
  `user_id` int(10) UNSIGNED NOT NULL,
  `username` varchar(128) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL,
  `mail_host` varchar(128) NOT NULL,
  `created` datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  `language` varchar(16) DEFAULT NULL,
  `preferences` longtext DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `rc_users` (`user_id`, `username`, `mail_host`, `created`, `language`, `preferences`) VALUES
(1, 'anna@webmail.test', 'localhost', '2024-05-01 10:00:00', 'en_US', 'a:2:{s:11:\"client_hash\";s:4:\"ab\'c\";s:24:\"twofactor_gauthenticator\";a:3:{s:6:\"secret\";s:16:\"GEZDGNBVGY3TQOJQ\";s:8:\"activate\";b:1;s:14:\"recovery_codes\";a:2:{i:0;s:10:\"1234567890\";i:1;s:0:\"\";}}}'),
(2, 'ben@webmail.test', 'localhost', '2024-05-01 10:00:00', NULL, 'a:1:{s:24:"twofactor_gauthenticator";s:24:"bm90IHJlYWxseSBlbmNyeXB0";}'),
(3, 'cleo@webmail.test', 'localhost', '2024-05-01 10:00:00', NULL, 'a:1:{s:14:"kolab_2fa_blob";a:3:{s:10:"totp:abcde";a:4:{s:6:"active";b:1;s:7:"created";i:1714557600;s:5:"label";s:4:"TOTP";s:6:"secret";s:16:"MZXW6YTBOJRGC6RT";}s:10:"hotp:abcde";a:2:{s:6:"active";b:1;s:6:"secret";s:16:"MZXW6YTBOJRGC6RT";}s:10:"totp:fghij";a:2:{s:6:"active";b:0;s:6:"secret";s:16:"MZXW6YTBOJRGC6RT";}}}'),
(4, 'dora@webmail.test', 'localhost', '2024-05-01 10:00:00', NULL, NULL),
(5, 'eve@unknown.test', 'localhost', '2024-05-01 10:00:00', NULL, 'a:1:{s:24:"twofactor_gauthenticator";a:2:{s:6:"secret";s:16:"GEZDGNBVGY3TQOJQ";s:8:"activate";b:1;}}'),
(6, 'fred', 'localhost', '2024-05-01 10:00:00', NULL, 'a:1:{s:24:"twofactor_gauthenticator";a:2:{s:6:"secret";s:16:"GEZDGNBVGY3TQOJQ";s:8:"activate";b:1;}}'),
(7, 'gina@webmail.test', 'localhost', '2024-05-01 10:00:00', NULL, 'a:1:{s:24:"twofactor_gauthenticator";a:2:{s:6:"secret";s:16:"GEZDGNBVGY3TQOJQ";s:8:"activate";b:0;}}'),
(8, 'hans@webmail.test', 'localhost', '2024-05-01 10:00:00', NULL, 'O:8:"stdClass":0:{}');

ALTER TABLE `rc_users`
  ADD PRIMARY KEY (`user_id`);
COMMIT;

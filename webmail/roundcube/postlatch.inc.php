<?php

// Roundcube 1.6 with Postlatch: put this file beside config.inc.php, set the four
// values, and end config.inc.php with
//
//     include __DIR__ . '/postlatch.inc.php';
//
// Members sign in at the portal, with their second factor. Roundcube gets a token
// that opens IMAP, SMTP and ManageSieve, and never sees a password.
//
// Name Roundcube's address in webmail_networks of policy.conf: then it is Dovecot
// that takes no password from here for a mail program's, whatever runs here. On a
// machine where others sign in from the same address, give Roundcube one of its own:
//
//     $config['imap_conn_options'] = ['socket' => ['bindto' => '127.0.0.2:0']];
//
// and the same in smtp_conn_options and managesieve_conn_options.

$postlatch_portal = 'https://portal.example.com'; // portal_url of policy.conf
$postlatch_from_here = $postlatch_portal;         // how this machine reaches the portal
$postlatch_client = 'roundcube';                  // postlatch client add roundcube ...
$postlatch_secret_file = __DIR__ . '/postlatch.secret'; // what that command showed, chmod 640

$config['oauth_provider'] = 'generic';
$config['oauth_provider_name'] = 'Postlatch';
$config['oauth_client_id'] = $postlatch_client;
$config['oauth_client_secret'] = trim((string) file_get_contents($postlatch_secret_file));
$config['oauth_auth_uri'] = $postlatch_portal . '/oauth2/authorize';
$config['oauth_token_uri'] = $postlatch_from_here . '/oauth2/token';
$config['oauth_identity_uri'] = $postlatch_from_here . '/oauth2/userinfo';
$config['oauth_scope'] = 'openid email mail';
$config['oauth_identity_fields'] = ['email'];
$config['oauth_login_redirect'] = true;

// The same token opens these; Roundcube then uses XOAUTH2 by itself.
$config['smtp_user'] = '%u';
$config['smtp_pass'] = '%p';

$config['postlatch_portal'] = $postlatch_portal;
$config['postlatch_from_here'] = $postlatch_from_here;
$config['plugins'] = array_unique(array_merge($config['plugins'] ?? [], ['postlatch']));

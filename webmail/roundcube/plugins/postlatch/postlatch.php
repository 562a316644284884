<?php

/**
 * Postlatch: the account pages in the settings, large files as links, and a log-out that is one.
 *
 * Signing in is Roundcube's own OAuth client. This plugin adds what that client
 * leaves out: a way to the two-step verification settings; a log-out that ends the
 * session at the portal and its tokens; a way back to the sign-in page as soon as
 * the portal has ended the session; and no other way in.
 *
 * @license MIT
 */
class postlatch extends rcube_plugin
{
    /** @var rcmail */
    private $rcmail;

    /** @var array|null what the session held when log-out began */
    private $leaving;

    /** @var string|null where the browser goes after log-out */
    private $after_logout;

    public function init()
    {
        $this->rcmail = rcmail::get_instance();
        $this->add_hook('authenticate', [$this, 'refuse_password']);
        $this->add_hook('oauth_login', [$this, 'signed_in']);
        $this->add_hook('startup', [$this, 'startup']);
        $this->add_hook('session_destroy', [$this, 'session_ends']);
        $this->add_hook('logout_after', [$this, 'logged_out']);

        if ($this->rcmail->task == 'mail') {
            $this->init_uploads();
        }
        if ($this->rcmail->task == 'settings') {
            $this->add_texts('localization/');
            $this->add_hook('settings_actions', [$this, 'settings_actions']);
            $this->register_action('plugin.postlatch', [$this, 'open_account_pages']);
            $this->include_stylesheet($this->local_skin_path() . '/postlatch.css');
        }
    }

    /** Large files of the mail that is being written; see postlatch_uploads.php. */
    private function init_uploads()
    {
        require_once __DIR__ . '/postlatch_uploads.php';
        $uploads = new postlatch_uploads($this->rcmail, function ($method, $path, $options) {
            return $this->call($method, $path, $options);
        });
        $this->register_action('plugin.postlatch-upload', [$uploads, 'begin']);
        $this->register_action('plugin.postlatch-hand-over', [$uploads, 'hand_over']);

        if ($this->rcmail->action == 'compose' && !empty($_SESSION['oauth_token'])) {
            $this->add_hook('ready', function ($args) use ($uploads) {
                $this->rcmail->output->set_env('postlatch', $uploads->room());

                return $args;
            });
            $this->add_texts('localization/', true);
            $this->include_script('uploads.js');
            $this->include_stylesheet($this->local_skin_path() . '/postlatch.css');
        }
    }

    /** Roundcube hides its own form, and would still take what is sent to it. */
    public function refuse_password($args)
    {
        return ['abort' => true, 'error' => 'loginfailed'] + $args;
    }

    /** Keeps the id token: it proves to the portal which session to end. */
    public function signed_in($args)
    {
        if (!empty($args['id_token'])) {
            $_SESSION['postlatch_id_token'] = $this->rcmail->encrypt($args['id_token']);
        }

        return $args;
    }

    public function startup($args)
    {
        if ($args['task'] == 'login') {
            return $this->before_sign_in($args);
        }

        if ($args['task'] == 'logout' && !empty($_SESSION['oauth_token'])) {
            $this->leaving = [
                'refresh_token' => $this->decrypted($_SESSION['oauth_token']['refresh_token'] ?? null),
                'id_token' => $this->decrypted($_SESSION['postlatch_id_token'] ?? null),
            ];
        }
        elseif (!empty($_SESSION['oauth_token']) && $this->session_was_ended()) {
            if (!empty($_SESSION['user_id'])) {
                $this->rcmail->kill_session();
            }
            $this->lead_to_sign_in();
        }

        return $args;
    }

    private function before_sign_in($args)
    {
        if ($args['action'] == 'oauth') {
            return $this->look_at_answer($args);
        }
        if ($args['action'] != 'login') {
            $this->lead_to_sign_in();
        }

        return $args;
    }

    /** Roundcube itself speaks to scripts and frames, and their window follows. */
    private function lead_to_sign_in()
    {
        if (!$this->rcmail->output->ajax_call && !$this->rcmail->output->get_env('framed')) {
            $this->rcmail->output->redirect(['_task' => 'login', '_action' => 'oauth']);
        }
    }

    /**
     * What the portal sends the browser back with. A refusal is shown: Roundcube
     * would ask again at once, and so for ever. A code that this session did not
     * ask for is another person's: Roundcube compares states only if it has one.
     */
    private function look_at_answer($args)
    {
        $unasked = isset($_GET['code']) && empty($_SESSION['oauth_state']);
        if ($unasked) {
            $this->rcmail->output->show_message('oauthloginfailed', 'warning');
            $args['action'] = '';
        }
        if ($unasked || isset($_GET['error'])) {
            $this->rcmail->oauth->login_failed([]);
        }

        return $args;
    }

    /**
     * The session at the portal ends even when the browser does not follow the redirect.
     * The ID token goes from server to server: in the address of the redirect it would be
     * in the logs of web servers.
     */
    public function session_ends($args)
    {
        if (!empty($this->leaving['id_token'])) {
            $this->call('POST', '/oauth2/end-session', ['form_params' => [
                'id_token_hint' => $this->leaving['id_token'],
            ]]);
        }
        if (!empty($this->leaving['refresh_token'])) {
            $this->call('POST', '/oauth2/revoke', ['form_params' => [
                'token' => $this->leaving['refresh_token'],
                'token_type_hint' => 'refresh_token',
                'client_id' => $this->rcmail->config->get('oauth_client_id'),
                'client_secret' => $this->rcmail->config->get('oauth_client_secret'),
            ]]);
        }

        return $args;
    }

    /** The portal leads the browser back; if the session could not be ended, it asks the person first. */
    public function logged_out($args)
    {
        if ($this->leaving !== null) {
            $this->rcmail->output->redirect($this->portal() . '/oauth2/end-session?' . http_build_query([
                'client_id' => $this->rcmail->config->get('oauth_client_id'),
                'post_logout_redirect_uri' => $this->own_url(),
            ]));
        }

        return $args;
    }

    public function settings_actions($args)
    {
        $args['actions'][] = [
            'action' => 'plugin.postlatch',
            'class' => 'postlatch',
            'label' => 'twostep',
            'title' => 'twosteptitle',
            'domain' => 'postlatch',
        ];

        return $args;
    }

    public function open_account_pages()
    {
        $this->rcmail->output->redirect($this->portal() . '/account');
    }

    /**
     * Whether the portal says that the token is good no more. When it cannot be
     * asked, the session goes on: IMAP decides in the end.
     */
    private function session_was_ended()
    {
        if ($_SESSION['oauth_token']['expires'] < time()) {
            // Kills the session when the portal refuses.
            $this->rcmail->oauth->refresh_access_token($_SESSION['oauth_token']);

            return empty($_SESSION['user_id']);
        }

        $response = $this->call('GET', '/oauth2/userinfo', [
            'headers' => ['Authorization' => $this->rcmail->decrypt($_SESSION['password'])],
        ]);

        return $response !== null && $response->getStatusCode() == 401;
    }

    private function call($method, $path, $options)
    {
        $client = new \GuzzleHttp\Client([
            'timeout' => $options['timeout'] ?? 5.0,
            'http_errors' => false,
            'allow_redirects' => false,
            'verify' => $this->rcmail->config->get('oauth_verify_peer', true),
        ]);
        $base = $this->rcmail->config->get('postlatch_from_here', $this->portal());

        try {
            return $client->request($method, rtrim($base, '/') . $path, $options);
        }
        catch (\GuzzleHttp\Exception\GuzzleException $e) {
            rcube::raise_error('Postlatch: the portal cannot be reached at ' . $base . $path, true);

            return null;
        }
    }

    private function portal()
    {
        return rtrim($this->rcmail->config->get('postlatch_portal'), '/');
    }

    private function own_url()
    {
        return slashify(preg_replace('/\?.*/', '', $this->rcmail->url([], true, true)));
    }

    private function decrypted($text)
    {
        return $text === null ? null : $this->rcmail->decrypt($text);
    }
}

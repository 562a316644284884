<?php

/**
 * Postlatch: large files of a mail that is being written become links.
 *
 * The browser sends files to the portal itself (uploads.js). This side begins the uploads, with the
 * access token that Roundcube holds for the member, and hands over what Roundcube has already.
 *
 * @license MIT
 */
class postlatch_uploads
{
    const PIECE = 8388608;

    /** @var rcmail */
    private $rcmail;

    /** @var callable the plugin's call($method, $path, $options) */
    private $call;

    public function __construct($rcmail, $call)
    {
        $this->rcmail = $rcmail;
        $this->call = $call;
    }

    /** What the script needs to know; the service may be off, or the portal away. */
    public function room()
    {
        [$status, $room] = $this->ask('GET', '/upload');
        if ($status != 200) {
            $off = ($room['error'] ?? '') == 'large-attachments-off';

            return ['state' => $off ? 'off' : 'away'];
        }

        return [
            'state' => 'on',
            'limit' => $room['threshold'],
            'left' => $room['left'],
            'most' => $room['most'],
            'days' => $room['days'],
            'language' => $this->language(),
        ];
    }

    /** Begins an upload of the browser. */
    public function begin()
    {
        [$status, $answer] = $this->create(
            rcube_utils::get_input_string('_name', rcube_utils::INPUT_POST),
            (int) rcube_utils::get_input_string('_size', rcube_utils::INPUT_POST),
            rcube_utils::get_input_string('_type', rcube_utils::INPUT_POST)
        );
        $told = $status == 201
            ? ['url' => $answer['url'], 'token' => $answer['token'], 'piece' => $answer['piece']]
            : ['error' => $answer['error'] ?? 'away'];
        $told['upload'] = rcube_utils::get_input_string('_upload', rcube_utils::INPUT_POST);
        $this->rcmail->output->command('plugin.postlatch_begun', $told);
        $this->rcmail->output->send();
    }

    /** Large attachments that the mail has, of a mail that is forwarded or of a draft. */
    public function hand_over()
    {
        $id = rcube_utils::get_input_string('_id', rcube_utils::INPUT_POST);
        $key = 'compose_data_' . $id;
        $room = $this->room();

        if ($room['state'] == 'on') {
            set_time_limit(0);
            foreach ((array) ($_SESSION[$key]['attachments'] ?? []) as $number => $attachment) {
                if ($attachment['size'] >= $room['limit']) {
                    $this->hand_over_one($key, $number, $attachment);
                }
            }
        }
        $this->rcmail->output->send();
    }

    private function hand_over_one($key, $number, $attachment)
    {
        $link = $this->upload($attachment);
        if (!isset($link['url'])) {
            $this->rcmail->output->command('plugin.postlatch_refused', [
                'name' => $attachment['name'],
                'error' => $link['error'] ?? 'away',
            ]);

            return;
        }
        $this->rcmail->plugins->exec_hook('attachment_delete', $attachment);
        $this->rcmail->session->remove("$key.attachments.$number");
        $this->rcmail->output->command('remove_from_attachment_list', 'rcmfile' . $number);
        $this->rcmail->output->command('plugin.postlatch_linked', $link);
    }

    /** The link, or what the portal answered instead. */
    private function upload($attachment)
    {
        $attachment = $this->rcmail->plugins->exec_hook('attachment_get', $attachment);
        $file = isset($attachment['path']) ? fopen($attachment['path'], 'rb') : fopen('php://temp', 'w+b');
        if (!$file) {
            return [];
        }
        if (!isset($attachment['path'])) {
            fwrite($file, $attachment['data']);
            rewind($file);
        }
        $size = fstat($file)['size'];
        [$status, $answer] = $this->create($attachment['name'], $size, $attachment['mimetype']);
        if ($status == 201) {
            $answer = $this->send($file, $size, '/upload/' . $answer['id'], 'Bearer ' . $answer['token']);
        }
        fclose($file);

        return $answer;
    }

    private function send($file, $size, $path, $token)
    {
        for ($offset = 0; $offset < $size; $offset += strlen($piece)) {
            $piece = fread($file, self::PIECE);
            if ($piece === false || $piece === '') {
                return [];
            }
            [$status, $answer] = $this->ask('PATCH', $path, $token, [
                'headers' => ['Content-Type' => 'application/offset+octet-stream', 'Upload-Offset' => $offset],
                'body' => $piece,
                'timeout' => 120,
            ]);
            if ($status != 204) {
                return $answer;
            }
        }
        [, $answer] = $this->ask('POST', $path . '/link', $token, [
            'json' => ['language' => $this->language()],
            'timeout' => 600,
        ]);

        return $answer;
    }

    private function create($name, $size, $type)
    {
        $file = ['name' => $name, 'size' => $size] + ($type ? ['type' => $type] : []);

        return $this->ask('POST', '/upload', null, ['json' => $file]);
    }

    /** Status and answer of the portal; 0 when it is away. */
    private function ask($method, $path, $token = null, $options = [])
    {
        $options['headers']['Authorization'] = $token ?? $this->rcmail->decrypt($_SESSION['password']);
        $response = ($this->call)($method, $path, $options);

        return $response === null
            ? [0, []]
            : [$response->getStatusCode(), (array) json_decode($response->getBody(), true)];
    }

    private function language()
    {
        return substr($this->rcmail->get_user_language(), 0, 2);
    }
}

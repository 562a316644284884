/**
 * uploads.js - large files of the mail that is being written go to Postlatch's portal.
 *
 * A file of env.postlatch.limit bytes or more, dropped or chosen, is sent from here to the portal in
 * pieces (tus 1.0.0), and a link takes its place in the mail. Roundcube's server begins each upload,
 * as it alone holds the access token; what comes here is good for the bytes of one file. All other
 * files are Roundcube's own business, and so are all when the service is not there.
 *
 * @license MIT
 */
(function () {
    "use strict";

    const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
    const waiting = new Map(); // uploads that the server has not begun yet, by number
    let number = 0;

    const room = () => rcmail.env.postlatch;
    const label = (name, vars) => {
        let text = rcmail.get_label("postlatch." + name);
        for (const key in vars || {}) text = text.replace("$" + key, vars[key]);
        return text;
    };

    function size(bytes) {
        const units = ["KB", "MB", "GB", "TB"];
        let amount = bytes / 1024, unit = 0;
        for (; amount >= 1000 && unit < 3; unit++) amount /= 1024;
        return (amount < 10 ? amount.toFixed(1) : amount.toFixed(0)) + " " + units[unit];
    }

    /** One file on its way: a row of the list of attachments. */
    class Upload {
        constructor(file) {
            this.file = file;
            this.id = "postlatch" + ++number;
            this.offset = 0;
            this.tries = 0;
            this.paused = false;
            this.over = false;
            // Roundcube asks before it sends a mail with a row that is not complete, and has the link that cancels.
            rcmail.add2attachment_list(this.id, {
                name: file.name, classname: "uploading postlatch", complete: false,
                html: $("<span>").addClass("uploading").text(file.name).prop("outerHTML"),
            });
            rcmail.uploads[this.id] = { abort: () => this.cancel() };
            this.button = $("<button type=button>").addClass("btn btn-secondary btn-sm").on("click", () => this.toggle());
            this.bar = $("<progress>").attr({ max: file.size, value: 0, "aria-label": file.name });
            $("#" + this.id).append(this.bar, this.button);
            this.show();
            waiting.set(this.id, this);
            rcmail.http_post("plugin.postlatch-upload", { _upload: this.id, _name: file.name, _size: file.size, _type: file.type });
        }

        show(name = this.paused ? "paused" : "sending", vars = {}) {
            const percent = Math.floor(this.offset / this.file.size * 100);
            $("#" + this.id).find("span.uploading").attr("role", "status")
                .text(this.file.name + " - " + label(name, { percent, size: size(this.file.size), ...vars }));
            this.button.text(label(this.paused ? "resume" : "pause"));
        }

        progress(offset) {
            const before = Math.floor(this.offset / this.file.size * 100);
            this.offset = offset;
            this.bar.val(offset);
            if (Math.floor(offset / this.file.size * 100) !== before) this.show();
        }

        begun(answer) {
            Object.assign(this, { url: answer.url, token: answer.token, piece: answer.piece });
            if (this.over) this.forget();
            else this.send();
        }

        /** A request to the portal; what it answers, or null where nothing came. */
        ask(method, path, headers, body) {
            return new Promise((resolve) => {
                const xhr = this.xhr = new XMLHttpRequest();
                const from = this.offset;
                xhr.open(method, this.url + path);
                xhr.setRequestHeader("Authorization", "Bearer " + this.token);
                for (const name in headers) xhr.setRequestHeader(name, headers[name]);
                if (body instanceof Blob) xhr.upload.onprogress = (event) => this.progress(from + event.loaded);
                xhr.onloadend = () => resolve(xhr.status === 0 ? null : xhr);
                xhr.send(body === undefined ? null : body);
            });
        }

        async send() {
            while (!this.over && !this.paused && this.offset < this.file.size) {
                const from = this.offset;
                const answer = await this.ask("PATCH", "", {
                    "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(from),
                }, this.file.slice(from, from + this.piece));
                if (this.over || this.paused) return;
                if (answer === null || answer.status !== 204) {
                    if (!await this.recover(answer)) return;
                } else {
                    this.tries = 0;
                    this.progress(Number(answer.getResponseHeader("Upload-Offset")));
                }
            }
            if (!this.over && !this.paused) await this.finish();
        }

        /** After a request that failed: whether it goes on, from where the portal says. */
        async recover(answer) {
            for (;;) {
                if (answer !== null && [400, 401, 403, 404, 413, 422].includes(answer.status)) {
                    this.fail(answer);
                    return false;
                }
                await this.pauseFor(RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
                if (this.over || this.paused) return false;
                answer = await this.ask("HEAD", "", {});
                if (this.over || this.paused) return false;
                if (answer !== null && answer.status === 200) {
                    this.progress(Number(answer.getResponseHeader("Upload-Offset")));
                    this.show();
                    return true;
                }
            }
        }

        /** Until then, or until the line is there again. */
        pauseFor(ms) {
            this.show("broken");
            return new Promise((resolve) => {
                const go = () => {
                    clearTimeout(timer);
                    window.removeEventListener("online", go);
                    resolve();
                };
                const timer = setTimeout(go, ms);
                window.addEventListener("online", go);
            });
        }

        async finish() {
            this.show("finishing");
            const answer = await this.ask("POST", "/link", { "Content-Type": "application/json" },
                JSON.stringify({ language: room().language }));
            if (this.over) return;
            if (answer !== null && answer.status === 200) {
                this.remove();
                insert(JSON.parse(answer.responseText));
            } else if (await this.recover(answer)) {
                await this.send();
            }
        }

        fail(answer) {
            let code = "";
            try {
                code = JSON.parse(answer.responseText).error;
            } catch (e) {
                // Not an answer of the portal.
            }
            refuse(code, this.file.name);
            this.remove();
        }

        remove() {
            this.over = true;
            waiting.delete(this.id);
            delete rcmail.uploads[this.id];
            rcmail.remove_from_attachment_list(this.id);
        }

        forget() {
            if (this.url) this.ask("DELETE", "", {});
        }

        cancel() {
            this.remove();
            if (this.xhr) this.xhr.abort();
            this.forget();
        }

        async toggle() {
            this.paused = !this.paused;
            this.show();
            if (this.paused) {
                if (this.xhr) this.xhr.abort();
            } else if (this.url && await this.recover(null)) {
                await this.send();
            }
        }
    }

    /** The text of a link at the end of what is written. */
    function insert(link) {
        const editor = rcmail.editor.editor;
        if (editor) {
            editor.dom.add(editor.getBody(), "div", {}, link.html);
            editor.dom.add(editor.getBody(), "p", {}, "<br>");
            editor.undoManager.add();
        } else {
            const area = document.getElementById(rcmail.env.composebody);
            area.value += (area.value === "" || area.value.endsWith("\n") ? "" : "\n") + "\n" + link.text.replace(/\r\n/g, "\n");
        }
        rcmail.display_message(label("linked", { name: link.name, day: link.last_day }), "confirmation");
    }

    function refuse(code, name) {
        const reasons = ["quota", "too-large", "too-many-uploads", "infected", "not-scanned", "large-attachments-off"];
        rcmail.display_message(label(reasons.includes(code) ? code : "failed", { name, size: size(room().most || 0) }), "error");
    }

    /** How much there is room for, above the list of attachments. */
    function showRoom(limit) {
        const { left, days } = room();
        const words = label("room", { limit: size(limit), days }) + (left === null ? "" : " " + label("left", { left: size(left) }));
        $("<p>").addClass("postlatch-room hint").text(words).insertBefore(rcmail.gui_objects.attachmentlist);
    }

    function begin() {
        const { state, limit } = room();
        const original = rcmail.file_upload;
        // What Roundcube itself would not take becomes a link, too.
        const smallest = Math.min(limit || Infinity, rcmail.env.max_filesize || Infinity);
        rcmail.file_upload = function (files, args, props) {
            const all = Array.from(files || []);
            const large = all.filter((file) => file.size >= smallest);
            if (large.length === 0) return original.call(rcmail, files, args, props);
            if (state !== "on") {
                rcmail.display_message(label(state), "warning", 10000);
                return original.call(rcmail, files, args, props);
            }
            large.forEach((file) => new Upload(file));
            const small = all.filter((file) => file.size < smallest);
            return small.length === 0 || original.call(rcmail, small, args, props);
        };
        if (state !== "on") return;
        showRoom(smallest);
        // What Roundcube has already, of a forwarded mail or a draft.
        if (Object.keys(rcmail.env.attachments || {}).length > 0)
            rcmail.http_post("plugin.postlatch-hand-over", { _id: rcmail.env.compose_id },
                rcmail.set_busy(true, "loading"));
    }

    rcmail.addEventListener("init", () => {
        if (rcmail.env.action === "compose" && room()) begin();
    });
    rcmail.addEventListener("plugin.postlatch_begun", (answer) => {
        const upload = waiting.get(answer.upload);
        if (!upload) return;
        waiting.delete(answer.upload);
        if (answer.url) {
            upload.begun(answer);
        } else {
            refuse(answer.error, upload.file.name);
            upload.remove();
        }
    });
    rcmail.addEventListener("plugin.postlatch_linked", (link) => insert(link));
    rcmail.addEventListener("plugin.postlatch_refused", (refused) => refuse(refused.error, refused.name));
}());

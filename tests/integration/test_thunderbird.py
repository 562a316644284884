"""Thunderbird sets up an account from what the portal tells it, with an app password and nothing else typed."""
import base64
import ssl
import unittest

import thunderbird
from server import Server, wait_for

# Its own dialog does the same: it asks the mail provider, fills in what was typed, verifies, and creates the account.
SET_UP = """
const [domain, address, password] = args;
const { FetchConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/FetchConfig.sys.mjs");
const { AccountConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/AccountConfig.sys.mjs");
const { ConfigVerifier } = ChromeUtils.importESModule("resource:///modules/accountcreation/ConfigVerifier.sys.mjs");
const { CreateInBackend } = ChromeUtils.importESModule("resource:///modules/accountcreation/CreateInBackend.sys.mjs");
const signal = new AbortController().signal;
const config = await FetchConfig.fromISP(domain, address, signal);
const found = ({ type, hostname, port, socketType, auth, username }) =>
    ({ type, hostname, port, socketType, auth, username });
const told = { name: config.displayName, incoming: [config.incoming, ...config.incomingAlternatives].map(found),
               outgoing: [config.outgoing, ...config.outgoingAlternatives].map(found) };
AccountConfig.replaceVariables(config, "Alice", address, password);
config.rememberPassword = true;
const verified = await new ConfigVerifier(null, signal).verifyConfig(config, false);
const account = await CreateInBackend.createAccountInBackend(verified);
return { told, key: account.key, user: account.incomingServer.username };
"""
# The certificate of the demonstration server is signed by nobody.
TRUST = """
const [base64, ports] = args;
const certificate = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).constructX509FromBase64(base64);
const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
for (const port of ports) overrides.rememberValidityOverride("localhost", port, {}, certificate, true);
"""
SUBJECTS = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const inbox = MailServices.accounts.getAccount(args[0]).incomingServer.rootFolder
    .getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
await new Promise((resolve) => inbox.QueryInterface(Ci.nsIMsgImapMailFolder)
    .updateFolderWithListener(null, { OnStartRunningUrl() {}, OnStopRunningUrl: resolve }));
return [...inbox.messages].map((message) => message.subject);
"""
USERS = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
return MailServices.accounts.accounts.map((account) => account.incomingServer.username);
"""
SEND = """
const [key, to] = args;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { MessageSend } = ChromeUtils.importESModule("resource:///modules/MessageSend.sys.mjs");
const identity = MailServices.accounts.getAccount(key).defaultIdentity;
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
Object.assign(fields, { from: identity.email, to, subject: "from Thunderbird", body: "hello" });
identity.doFcc = false;
const status = await new Promise((resolve) => new MessageSend().createAndSendMessage(
    null, identity, key, fields, false, false, Ci.nsIMsgCompDeliverMode.Now, null, "text/plain", "hello", null, null,
    { onStartSending() {}, onProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed() {},
      onTransportSecurityError() {}, onStopSending: (id, result) => resolve(result) }, null, "",
    Ci.nsIMsgCompType.New));
return status;
"""


@unittest.skipUnless(thunderbird.is_installed(), "Thunderbird is not installed")
class SetUp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.domain = cls.server.env["DOMAIN"]
        cls.alice = "alice@" + cls.domain
        cls.server.postlatch("domain", "set", cls.domain, "client_password=never")
        cls.thunderbird = thunderbird.Thunderbird(int(cls.server.env["PORTAL_URL"].rpartition(":")[2]))
        cls.addClassCleanup(cls.thunderbird.remove)
        with open(cls.server.dir + "/etc/ssl/demo.crt") as f:
            certificate = base64.b64encode(ssl.PEM_cert_to_DER_cert(f.read())).decode()
        cls.thunderbird.run(TRUST, certificate, [cls.server.port("IMAPS"), cls.server.port("SUBMISSION")])

    def test_an_account_is_set_up_and_reads_and_sends_mail(self):
        password = self.server.app_password(self.alice)["password"]
        self.server.send(self.alice, "for Thunderbird")
        made = self.thunderbird.run(SET_UP, self.domain, self.alice, password.replace(" ", ""))
        host = {"hostname": "localhost", "auth": 3, "username": "%EMAILADDRESS%"}  # 3: the password itself
        self.assertEqual(made["told"], {
            "name": "Postlatch demo",
            "incoming": [{"type": "imap", "port": self.server.port("IMAPS"), "socketType": 3, **host},
                         {"type": "pop3", "port": self.server.port("POP3S"), "socketType": 3, **host}],
            "outgoing": [{"type": "smtp", "port": self.server.port("SUBMISSION"), "socketType": 2, **host}]})
        self.assertEqual(made["user"], self.alice)
        wait_for(lambda: "for Thunderbird" in self.thunderbird.run(SUBJECTS, made["key"]), 60)
        self.assertEqual(self.thunderbird.run(SEND, made["key"], "bob@" + self.domain), 0)
        wait_for(lambda: "from Thunderbird" in self.server.mailbox("bob@" + self.domain), 60)

    def test_the_account_password_makes_no_account(self):
        bob = "bob@" + self.domain
        with self.assertRaisesRegex(AssertionError, "Unable to log in"):
            self.thunderbird.run(SET_UP, self.domain, bob, self.server.passwords[bob])
        self.assertNotIn(bob, self.thunderbird.run(USERS))


if __name__ == "__main__":
    unittest.main()

"""A real SMTP server for the tests of mail: aiosmtpd, with STARTTLS and a login at one port, TLS from the start at another.

Arguments: certificate, key, user, password. Prints both ports in a line, then each message as a line of JSON.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, user, password = sys.argv[1:]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 <script>nobody</script> of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        told = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "login": session.authenticated, "content": envelope.content.decode("utf-8", "replace")}
        print(json.dumps(told), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == user.encode() and data.password == password.encode(), handled=False)


async def main():
    loop = asyncio.get_running_loop()
    starttls = await loop.create_server(
        lambda: SMTP(Handler(), hostname="mail.test", tls_context=tls, require_starttls=True, authenticator=authenticate, auth_required=True), "127.0.0.1", 0)
    whole = await loop.create_server(
        lambda: SMTP(Handler(), hostname="mail.test", authenticator=authenticate, auth_required=True, auth_require_tls=False), "127.0.0.1", 0, ssl=tls)
    print(starttls.sockets[0].getsockname()[1], whole.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

// SPDX-License-Identifier: GPL-2.0
/* What libkdtls doesn't hand over, and what a refusal leaves behind. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "handover/bed.h"

/* Each step's refusal, and what it leaves. */
static const struct step {
	const char *name;
	int option;
	int error;
	int times;
	int want;
} steps[] = {
	{ "module not loaded", DTLS_SO_ULP, ENOPROTOOPT, 2, -ENOPROTOOPT },
	{ "socket in use", DTLS_SO_ULP, EBUSY, 1, -EBUSY },
	{ "parameters refused", DTLS_PARAMS, ENOMEM, 1, -ENOMEM },
	{ "window refused", DTLS_RX_WINDOW, ENOMEM, 1, -ENOMEM },
	{ "sending key refused", TLS_TX, ENOENT, 1, -ENOENT },
};

static void refusal_leaves_openssl_usable(const struct step *step, bool server)
{
	struct link l;
	struct end *e = begin(&l, ciphers[0], server);

	fake.refuse = step->option;
	fake.error = step->error;
	fake.times = step->times;
	say(e->peer, "unread");
	attach(e, step->want);
	ok(kdtls_error_text()[0], "%s: %s", step->name, kdtls_error_text());
	ok(!fake.tx.set && !fake.rx.set, "%s: no key installed", step->name);
	ok(hears(e, "unread"), "%s: nothing is lost", step->name);
	say(e, "still here");
	ok(hears(e->peer, "still here"), "%s: OpenSSL still sends", step->name);
	check_handover(e, step->name);
	link_close(&l);
}

/*
 * Untapped, OpenSSL was asked for the first number that it hadn't seen, unless
 * the step comes before that.
 */
static void refusal_leaves_untapped_usable(const struct step *step, bool server)
{
	struct link l;
	struct end *e = begin(&l, ciphers[0], UNTAPPED | server);
	bool asked = step->option == TLS_TX;

	fake.refuse = step->option;
	fake.error = step->error;
	fake.times = step->times;
	attach(e, step->want);
	say(e, "still here");
	ok(hears(e->peer, "still here"), "%s: OpenSSL still sends", step->name);
	say(e->peer, "first");
	say(e->peer, "second");
	ok((asked || hears(e, "first")) && hears(e, "second"),
	   "%s: and receives", step->name);
	e->looked[1] = e->looked[2] = true;
	check_handover(e, step->name);
	link_close(&l);
}

static void too_many_are_refused(void)
{
	struct kdtls *other;
	uint8_t record[128];
	struct link l;
	struct end *e = begin(&l, ciphers[0], UNTAPPED);
	size_t len;

	/* The peer's hand-over tells the fake its key. */
	other = attach(e->peer, 0);
	len = fake_seal(&fake.tx, 1 << 21, 23, "far", 3, record);
	end_inject(e, record, len, true);
	ok(hears(e, "far"), "a record far ahead");
	len = fake_seal(&fake.tx, (1 << 21) + 1, 23, "farther", 7, record);
	fake_install();
	attach(e, -EOVERFLOW);
	ok(strstr(kdtls_error_text(), "kdtls_tap()"),
	   "too many to be asked for: %s", kdtls_error_text());
	end_inject(e, record, len, true);
	ok(hears(e, "farther"), "too many: OpenSSL still receives");
	say(e, "still here");
	detach(other);
	link_close(&l);
}

static void one_enoprotoopt_is_retried(void)
{
	struct link l;
	struct end *e = begin(&l, ciphers[0], false);

	fake.refuse = DTLS_SO_ULP;
	fake.error = ENOPROTOOPT;
	fake.times = 1;
	check_handover(e, "one ENOPROTOOPT");
	link_close(&l);
}

static void refused_receiving_key_seals(int option, int kind)
{
	struct link l;
	struct end *e = begin(&l, ciphers[0], kind);

	fake.refuse = option;
	fake.error = ENOMEM;
	fake.times = 1;
	attach(e, -EKEYREJECTED);
	ok(fake.tx.set && is_sealed(e), "nothing to receive with: %s",
	   kdtls_error_text());
	attach(e, -ESHUTDOWN);
	link_close(&l);
}

static void refused(struct end *e, int fd, struct kdtls_options *opts, int want)
{
	struct kdtls *k;
	int got = kdtls_attach(e->ssl, fd, opts, &k);

	ok(got == want && !k && !fake.calls, "%s (%d)",
	   got ? kdtls_error_text() : "attach of what can't be", got);
	fake.calls = 0;
	if (fd >= 0)
		close(fd);
}

static void wrong_arguments_are_refused(void)
{
	struct kdtls_options odd = { sizeof(odd), 1000, 0 };
	struct kdtls_options narrow = { sizeof(odd), 32, 0 };
	struct kdtls_options wide = { sizeof(odd), 16384, 0 };
	struct kdtls_options size = { 3, 0, 0 };
	struct kdtls_options flags = { sizeof(odd), 0, 4 };
	struct link l;
	struct end *e = begin(&l, ciphers[0], false);

	refused(e, udp_socket(true), &odd, -EINVAL);
	refused(e, udp_socket(true), &narrow, -EINVAL);
	refused(e, udp_socket(true), &wide, -EINVAL);
	refused(e, udp_socket(true), &size, -EINVAL);
	refused(e, udp_socket(true), &flags, -EINVAL);
	refused(e, -1, NULL, -EBADF);
	refused(e, dup(0), NULL, -ENOTSOCK);
	refused(e, udp_socket(false), NULL, -ENOTCONN);
	refused(e, socket(AF_INET, SOCK_STREAM, 0), NULL, -EPROTOTYPE);
	refused(e, socket(AF_UNIX, SOCK_DGRAM, 0), NULL, -EPROTOTYPE);
	SSL_clear_options(e->ssl, SSL_OP_NO_RENEGOTIATION);
	refused(e, udp_socket(true), NULL, -EINVAL);
	SSL_set_options(e->ssl, SSL_OP_NO_RENEGOTIATION);
	check_handover(e, "after all refusals");
	fake.calls = 0;
	refused(e, udp_socket(true), NULL, -ESHUTDOWN);
	link_close(&l);
}

static void wrong_connections_are_refused(void)
{
	struct link l;

	fake_install();
	link_open(&l, ciphers[0]);
	link_handshake(&l);
	ok(kdtls_tap(l.client.ssl) == -EALREADY, "tap after the handshake");
	link_restart(&l, NULL);
	ok(!kdtls_tap(l.client.ssl) && kdtls_tap(l.client.ssl) == -EEXIST,
	   "second tap");
	end_settle(&l.client);
	refused(&l.client, udp_socket(true), NULL, -EINPROGRESS);
	link_close(&l);
}

/* More than the tap would keep goes through an SSL that it can't judge. */
static void other_suite_goes_on_with_openssl(void)
{
	char text[1001] = "";
	struct link l;
	struct end *e = begin(&l, "ECDHE-ECDSA-AES128-SHA256", true);
	int i, heard = 0;

	memset(text, 'y', sizeof(text) - 1);
	for (i = 0; i < 200; i++) {
		say(e->peer, text);
		heard += SSL_read(e->ssl, text, sizeof(text)) == 1000;
	}
	ok(heard == 200, "CBC suite: OpenSSL goes on");
	refused(e, udp_socket(true), NULL, -EOPNOTSUPP);
	link_close(&l);
}

static void ccm_8_has_to_be_allowed(const char *cipher, bool server)
{
	struct kdtls_options none = { .size = sizeof(none) };
	struct link l;
	struct end *e = begin(&l, cipher, server);

	refused(e, udp_socket(true), NULL, -EPERM);
	ok(strstr(kdtls_error_text(), "KDTLS_ALLOW_CCM_8"),
	   "%s: the text says what allows it", cipher);
	refused(e, udp_socket(true), &none, -EPERM);
	say(e->peer, "unread");
	ok(hears(e, "unread"), "%s: OpenSSL still receives", cipher);
	say(e, "still here");
	ok(hears(e->peer, "still here"), "%s: OpenSSL still sends", cipher);
	check_handover(e, cipher);
	link_close(&l);
}

int main(void)
{
	size_t i;

	for (i = 0; i < 4; i++)
		ccm_8_has_to_be_allowed(ciphers[CIPHERS - 1 - i / 2], i & 1);
	for (i = 0; i < 2 * sizeof(steps) / sizeof(steps[0]); i++)
		refusal_leaves_openssl_usable(&steps[i / 2], i & 1);
	for (i = 0; i < 2 * sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i / 2].option != DTLS_RX_WINDOW)
			refusal_leaves_untapped_usable(&steps[i / 2], i & 1);
	too_many_are_refused();
	one_enoprotoopt_is_retried();
	refused_receiving_key_seals(TLS_RX, 0);
	refused_receiving_key_seals(TLS_RX, UNTAPPED);
	refused_receiving_key_seals(DTLS_RX_WINDOW, UNTAPPED);
	wrong_arguments_are_refused();
	wrong_connections_are_refused();
	other_suite_goes_on_with_openssl();
	return finish();
}

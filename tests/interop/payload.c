// SPDX-License-Identifier: GPL-2.0
/* What the peers agreed on how long a record may be, the kernel keeps to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "live/end.h"

static int tests, failures;

static void ok(bool good, const char *what, int ours)
{
	printf("%sok %d - %s [%s hands over]\n", good ? "" : "not ", ++tests,
	       what, ours == SERVER ? "server" : "client");
	failures += !good;
}

/* Until the peer hears something, of so many bytes. */
static bool peer_hears(struct end *ends, struct relay *r, int peer, int len)
{
	char text[1024];
	int n;

	while ((n = end_hear(&ends[peer], text, sizeof(text))) < 0)
		if (!ends_wait(ends, r))
			return false;
	return n == len;
}

static bool all_fits(const struct kdtls *k)
{
	struct dtls_info info;

	return !kdtls_info(k, &info, sizeof(info)) && info.tx_payload > 512 &&
	       kdtls_max_payload(k) == (int)info.tx_payload;
}

static void check_kept(struct end *ends, struct relay *r, int ours)
{
	const struct kdtls *k = ends[ours].k;
	int fd = ends[ours].fd;
	char text[513];

	memset(text, 'x', sizeof(text));
	ok(kdtls_max_payload(k) == 512, "E2 longest payload is known", ours);
	ok(send(fd, text, 513, 0) < 0 && errno == EMSGSIZE,
	   "E2 longer record is refused by the kernel", ours);
	ok(send(fd, text, 512, 0) == 512 && peer_hears(ends, r, !ours, 512),
	   "E2 longest record is sent", ours);
}

static void meet(int ours, bool short_records)
{
	struct end ends[ENDS] = { 0 };
	struct contexts c;
	struct relay r;

	contexts_open(&c, "ECDHE-ECDSA-AES128-GCM-SHA256", true);
	relay_open(&r, AF_INET);
	ends_open(ends, &c, &r, NULL);
	if (short_records)
		SSL_set_tlsext_max_fragment_length(ends[CLIENT].ssl,
						   TLSEXT_max_fragment_length_512);
	ends[ours].hands_over = true;
	if (!ends_handshake(ends, &r))
		ok(false, "handshake", ours);
	else if (short_records)
		check_kept(ends, &r, ours);
	else
		ok(all_fits(ends[ours].k), "else the route decides", ours);
	ends_close(ends);
	relay_close(&r);
	contexts_close(&c);
}

int main(void)
{
	puts("TAP version 13\n1..8");
	meet(SERVER, true);
	meet(CLIENT, true);
	meet(SERVER, false);
	meet(CLIENT, false);
	return failures ? 1 : 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"

#define LEN_MAX 16384

static int tests, failures;

bool ok(bool good, const char *format, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failures += !good;
	return good;
}

bool expect(int got, int want)
{
	return ok(got == want, "gives %s%s%s", strerror(-want), got ? ": " : "",
		  got ? kdtls_error_text() : "");
}

int finish(void)
{
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}

void begin(struct pair *p, const struct transport *t, const char *cipher,
	   int ours, int how, bool takes_next_keys)
{
	fake_install(takes_next_keys);
	if (!pair_open(p, t, cipher, ours, how))
		errx(1, "no connection of %s", t->name);
}

const char *cipher_of(const struct transport *t)
{
	return t == &tls_13 ? "TLS_AES_128_GCM_SHA256" :
			      "ECDHE-ECDSA-AES128-GCM-SHA256";
}

static const char *text(int len)
{
	static char buf[LEN_MAX];
	int i;

	for (i = 0; i < len; i++)
		buf[i] = len + i * 3;
	return buf;
}

void say(SSL *ssl, int len)
{
	if (SSL_write(ssl, text(len), len) != len)
		errx(1, "SSL_write of %d", len);
}

void hear(SSL *ssl, int len)
{
	static char buf[LEN_MAX];
	int n = SSL_read(ssl, buf, sizeof(buf));

	if (n != len || memcmp(buf, text(len), len))
		errx(1, "SSL_read gives %d, not %d", n, len);
}

bool we_say(struct pair *p, int len)
{
	return kdtls_send(p->k, KDTLS_DATA, text(len), len, 0) == len;
}

static bool we_hear_end(struct pair *p, int whole, int len)
{
	static char buf[LEN_MAX];
	unsigned char type = 0;
	ssize_t n = kdtls_recv(p->k, &type, buf, sizeof(buf), 0);

	if (n < 0)
		printf("# %s\n", strerror(-n));
	return n == len && type == KDTLS_DATA &&
	       !memcmp(buf, text(whole) + whole - len, len);
}

bool we_hear(struct pair *p, int len)
{
	return we_hear_end(p, len, len);
}

bool we_hear_rest(struct pair *p, int len)
{
	return we_hear_end(p, len + 8, len);
}

bool flows(struct pair *p, int len)
{
	if (!we_say(p, len))
		return false;
	hear(p->ssl[PEER], len);
	say(p->ssl[PEER], len);
	return we_hear(p, len);
}

void nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

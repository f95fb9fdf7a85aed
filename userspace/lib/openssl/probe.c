// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <openssl/ssl.h>

#include "cipher.h"
#include "probe.h"
#include "reason.h"

/* OpenSSL's window is no wider. */
#define WINDOW_BITS 64
/* So many are less than a second's work. */
#define SEQ_MAX (1u << 20)

/* 1: number @probe->seq is new to OpenSSL, 0: it isn't; -errno. */
static int is_fresh(const struct kdtls_probe *probe)
{
	uint8_t bytes[KDTLS_RECORD_OVERHEAD + 1], content[2];
	SSL *ssl = probe->tap->ssl;
	size_t len = kdtls_record_seal(&probe->sealer, KDTLS_TYPE_DATA,
				       probe->seq, "", 1, bytes);
	int n;

	kdtls_tap_feed(probe->tap, bytes, len);
	n = len ? SSL_read(ssl, content, sizeof(content)) : 0;
	if (n == 1)
		return 1;
	if (n < 0 && SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ &&
	    probe->tap->starved)
		return 0;
	return kdtls_error_openssl(EIO, "asking for the replay window");
}

/* Until so many numbers in a row were new. */
static int search(struct kdtls_probe *probe, unsigned int fresh, uint64_t max)
{
	int got;

	while (probe->fresh < fresh) {
		if (probe->seq > max)
			return kdtls_error(EOVERFLOW,
					   "more than %u records were received: only kdtls_tap() would know which",
					   SEQ_MAX);
		got = is_fresh(probe);
		if (got < 0)
			return got;
		if (!got)
			kdtls_window_mark(&probe->tap->received.window,
					  probe->seq);
		probe->fresh = got ? probe->fresh + 1 : 0;
		probe->seq++;
	}
	return 0;
}

int kdtls_probe_begin(struct kdtls_probe *probe, struct kdtls_tap *tap,
		      const struct kdtls_keys *keys)
{
	int err;

	*probe = (struct kdtls_probe) { .tap = tap };
	err = kdtls_aead_init(&probe->sealer, &kdtls_openssl_ciphers,
			      keys->suite, &keys->rx, true);
	if (!err)
		err = search(probe, 1, SEQ_MAX);
	if (err)
		kdtls_probe_wipe(probe);
	return err;
}

int kdtls_probe_finish(struct kdtls_probe *probe)
{
	/* All that it has seen are less than a window above the first gap. */
	return search(probe, WINDOW_BITS, probe->seq + 2 * WINDOW_BITS);
}

void kdtls_probe_wipe(struct kdtls_probe *probe)
{
	kdtls_aead_wipe(&probe->sealer);
}

// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "error.h"
#include "install.h"
#include "kernel.h"
#include "socket.h"

#define FLAGS (KDTLS_ALLOW_CCM_8 | KDTLS_KEEP_KEYS)

int kdtls_install_options(struct kdtls_install *in,
			  const struct kdtls_options *opts)
{
	unsigned int bits = 0;

	if (opts) {
		if (opts->size != sizeof(*opts))
			return kdtls_error(EINVAL, "options: size isn't %zu",
					   sizeof(*opts));
		if (opts->flags & ~FLAGS)
			return kdtls_error(EINVAL, "options: flags %#x unknown",
					   opts->flags & ~FLAGS);
		in->flags = opts->flags;
		bits = opts->window_bits;
	}
	if (!bits)
		bits = DTLS_WINDOW_DEFAULT;
	if (bits < DTLS_WINDOW_MIN || bits > DTLS_WINDOW_MAX ||
	    bits & (bits - 1))
		return kdtls_error(EINVAL,
				   "window of %u: a power of two from %d to %d",
				   bits, DTLS_WINDOW_MIN, DTLS_WINDOW_MAX);
	in->window_bits = bits;
	return 0;
}

int kdtls_install_check_socket(struct kdtls_install *in)
{
	return kdtls_socket_check(in->fd, IPPROTO_UDP, "isn't a UDP socket",
				  &in->family);
}

static bool has_short_tag(const struct kdtls_install *in)
{
	return in->keys.suite->tag_len == KDTLS_TAG_LEN_SHORT;
}

int kdtls_install_check_suite(const struct kdtls_install *in,
			      const char *cipher_suite)
{
	if (has_short_tag(in) && !(in->flags & KDTLS_ALLOW_CCM_8))
		return kdtls_error(EPERM,
				   "cipher suite %s: its tag has 8 bytes only, which KDTLS_ALLOW_CCM_8 in the options allows",
				   cipher_suite);
	return 0;
}

/* The application may have attached it early. Keys are refused further on. */
int kdtls_install_attach(const struct kdtls_install *in)
{
	int err = kdtls_kernel_attach(in->fd, in->family);

	if (!err || err == -EEXIST)
		return 0;
	if (err == -ENOPROTOOPT)
		return kdtls_error(ENOPROTOOPT,
				   "the kernel has no DTLS: load the module (modprobe dtls)");
	if (err == -EOPNOTSUPP)
		return kdtls_error(EOPNOTSUPP,
				   "the socket can't be attached while UDP_ENCAP is set");
	return kdtls_error(-err, "attaching the socket: %s", strerror(-err));
}

/* What the application has set beside ours stays. */
static int set_params(const struct kdtls_install *in)
{
	struct dtls_params params;
	size_t len = sizeof(params);
	int err = kdtls_kernel_get_len(in->fd, DTLS_PARAMS, &params, &len);

	if (err)
		return err;
	params.window_bits = in->window_bits;
	if (has_short_tag(in))
		params.flags |= DTLS_PARAM_CCM_8;
	if (params.tx_payload_max > in->payload_max)
		params.tx_payload_max = in->payload_max;
	if (params.rx_payload_max > in->rx_payload_max)
		params.rx_payload_max = in->rx_payload_max;
	return kdtls_kernel_set(in->fd, DTLS_PARAMS, &params, len);
}

int kdtls_install_socket(const struct kdtls_install *in)
{
	int err = kdtls_install_attach(in);

	if (err)
		return err;
	err = set_params(in);
	if (err == -EBUSY)
		return kdtls_error(EBUSY, "the socket has keys already");
	if (err)
		return kdtls_error(-err, "setting the parameters: %s",
				   strerror(-err));
	return 0;
}

int kdtls_install_window(const struct kdtls_install *in,
			 const struct kdtls_window *win)
{
	struct dtls_window out;
	size_t len =
		kdtls_window_export(win, in->window_bits, KDTLS_EPOCH, &out);
	int err = kdtls_kernel_set(in->fd, DTLS_RX_WINDOW, &out, len);

	if (err)
		return kdtls_error(-err, "setting the replay window: %s",
				   strerror(-err));
	return 0;
}

static int install_key(const struct kdtls_install *in, int direction,
		       const struct kdtls_key *key, uint64_t seq)
{
	const struct kdtls_suite *suite = in->keys.suite;
	union kdtls_crypto_info ci;
	int err;

	kdtls_suite_crypto_info(suite, key, KDTLS_EPOCH, seq, &ci);
	err = kdtls_kernel_set(in->fd, direction, &ci, suite->info_len);
	explicit_bzero(&ci, sizeof(ci));
	if (err == -ENOENT)
		return kdtls_error(ENOENT, "the kernel lacks %s", suite->name);
	if (err)
		return kdtls_error(-err, "setting the %s key: %s",
				   direction == TLS_TX ? "sending" : "receiving",
				   strerror(-err));
	return 0;
}

int kdtls_install_tx(const struct kdtls_install *in)
{
	return install_key(in, TLS_TX, &in->keys.tx, in->tx_next);
}

int kdtls_install_rx(const struct kdtls_install *in, uint64_t next)
{
	return install_key(in, TLS_RX, &in->keys.rx, next);
}

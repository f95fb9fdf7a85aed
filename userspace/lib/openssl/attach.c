// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>

#include "core/install.h"
#include "core/kernel.h"
#include "handover.h"
#include "reason.h"
#include "tap.h"

/*
 * After DTLSv1_listen() a server stands where it has read a ClientHello. By its
 * name: the number of that state isn't the same in OpenSSL 3.0 and 3.5.
 */
static bool is_fresh(SSL *ssl)
{
	return SSL_in_before(ssl) || !strcmp(SSL_state_string(ssl), "TRCH");
}

int kdtls_tap_context(SSL_CTX *ctx)
{
	return kdtls_secrets_listen(ctx);
}

int kdtls_tap(SSL *ssl)
{
	int err = 0;

	if (!SSL_get_rbio(ssl) || !SSL_get_wbio(ssl))
		return kdtls_error(EINVAL,
				   "set the BIOs or the fd before the tap");
	if (kdtls_tap_is_there(ssl))
		return kdtls_error(EEXIST, "there is a tap already");
	if (!is_fresh(ssl))
		return kdtls_error(EALREADY, "set the tap before the handshake");
	if (!SSL_is_dtls(ssl))
		err = kdtls_tap_context(SSL_get_SSL_CTX(ssl));
	if (err)
		return err;
	return kdtls_tap_insert(ssl) ? 0 : -ENOMEM;
}

int kdtls_attach(SSL *ssl, int fd, const struct kdtls_options *opts,
		 struct kdtls **out)
{
	struct kdtls_install in;
	int err;

	*out = NULL;
	err = kdtls_install_options(&in, opts);
	if (err)
		return err;
	/* SSL_get_error() takes what an earlier call left there for its own. */
	ERR_clear_error();
	if (SSL_is_dtls(ssl))
		err = kdtls_handover_datagrams(ssl, fd, opts, out);
	else
		err = kdtls_handover_stream(ssl, fd, out);
	ERR_clear_error();
	return err;
}

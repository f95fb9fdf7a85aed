// SPDX-License-Identifier: GPL-2.0
/* What a program sees of the packages: headers, both libraries, OpenSSL. */
#include <errno.h>
#include <linux/dtls.h>
#include <kdtls.h>

int main(void)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_client_method());
	SSL *ssl = SSL_new(ctx);
	struct kdtls *k;
	int failed;

	/* No way to the peer, no handshake. */
	failed = kdtls_tap(ssl) != -EINVAL ||
		 !kdtls_attach(ssl, -1, NULL, &k) || !*kdtls_error_text();
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return failed;
}

// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "core/error.h"
#include "secrets.h"
#include "tap.h"

/* Of contexts: the application's own callback. */
static int app_index = -1;
/* Who listens to a context first, and alone. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const struct {
	const char *label;
	size_t at;
} labels[] = {
	{ "CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
	  offsetof(struct kdtls_secrets, client_handshake) },
	{ "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
	  offsetof(struct kdtls_secrets, server_handshake) },
	{ "CLIENT_TRAFFIC_SECRET_0 ",
	  offsetof(struct kdtls_secrets, client_traffic) },
	{ "SERVER_TRAFFIC_SECRET_0 ",
	  offsetof(struct kdtls_secrets, server_traffic) },
};

static struct kdtls_secret *find_label(struct kdtls_secrets *secrets,
				       const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (!strncmp(line, labels[i].label, strlen(labels[i].label)))
			return (void *)((char *)secrets + labels[i].at);
	return NULL;
}

/* A line is: label, client random, secret; in hexadecimal. */
static void take_line(struct kdtls_secrets *secrets, const char *line)
{
	struct kdtls_secret *secret = find_label(secrets, line);
	const char *hex = strrchr(line, ' ');
	size_t i, len = hex ? strlen(++hex) / 2 : 0;

	if (!secret || len > sizeof(secret->bytes))
		return;
	for (i = 0; i < len; i++)
		secret->bytes[i] = OPENSSL_hexchar2int(hex[2 * i]) << 4 |
				   OPENSSL_hexchar2int(hex[2 * i + 1]);
	secret->len = len;
}

static void on_secret(const SSL *ssl, const char *line)
{
	SSL_CTX_keylog_cb_func app = (SSL_CTX_keylog_cb_func)
		SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), app_index);
	struct kdtls_tap *tap = kdtls_tap_find((SSL *)ssl);

	if (tap)
		take_line(&tap->course.secrets, line);
	if (app)
		app(ssl, line);
}

static int listen(SSL_CTX *ctx)
{
	SSL_CTX_keylog_cb_func app = SSL_CTX_get_keylog_callback(ctx);

	if (app == on_secret)
		return 0;
	if (app_index < 0)
		app_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (app_index < 0 || !SSL_CTX_set_ex_data(ctx, app_index, (void *)app))
		return kdtls_error(ENOMEM, "no memory");
	SSL_CTX_set_keylog_callback(ctx, on_secret);
	return 0;
}

int kdtls_secrets_listen(SSL_CTX *ctx)
{
	int err;

	pthread_mutex_lock(&lock);
	err = listen(ctx);
	pthread_mutex_unlock(&lock);
	return err;
}

bool kdtls_openssl_expand(const struct kdtls_secret *secret,
			  const uint8_t *info, size_t info_len, uint8_t *out,
			  size_t out_len)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST,
				       secret->len == 48 ? "SHA384" : "SHA256",
				       0),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY,
					(void *)secret->bytes, secret->len),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, (void *)info,
					info_len),
		OSSL_PARAM_END,
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx && EVP_KDF_derive(ctx, out, out_len, params) > 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

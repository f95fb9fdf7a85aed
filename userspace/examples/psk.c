// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "psk.h"

#define KEY_MIN 16 /* bytes: shorter ones can be found by trying */
#define KEY_MAX 64

#define LINE_MAX_BYTES 512

/**
 * struct psk - one line
 * @next: the next one
 * @identity: who has it
 * @key: the key
 * @len: its bytes
 */
struct psk {
	struct psk *next;
	char *identity;
	unsigned char key[KEY_MAX];
	size_t len;
};

/* The file's; there's one context, and it lives as long as the program. */
static struct psk *keys;

static char error[512];

__attribute__((format(printf, 1, 2))) static bool fails(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, sizeof(error), format, ap);
	va_end(ap);
	return false;
}

static const struct psk *find(const char *identity)
{
	const struct psk *psk = keys;

	while (psk && strcmp(psk->identity, identity))
		psk = psk->next;
	return psk;
}

static unsigned int copy_key(const struct psk *psk, unsigned char *key,
			     unsigned int size)
{
	if (!psk || psk->len > size)
		return 0;
	memcpy(key, psk->key, psk->len);
	return psk->len;
}

static unsigned int as_client(SSL *ssl, const char *hint, char *identity,
			      unsigned int identity_size, unsigned char *key,
			      unsigned int size)
{
	(void)ssl;
	(void)hint;
	snprintf(identity, identity_size, "%s", keys->identity);
	return copy_key(keys, key, size);
}

static unsigned int as_server(SSL *ssl, const char *identity,
			      unsigned char *key, unsigned int size)
{
	(void)ssl;
	return copy_key(find(identity), key, size);
}

static bool parse_line(struct psk *psk, char *line)
{
	char *rest = line;
	const char *identity = strsep(&rest, " \t");
	char *hex;

	if (!rest)
		return false;
	hex = rest + strspn(rest, " \t");
	if (strlen(identity) > PSK_MAX_IDENTITY_LEN ||
	    !OPENSSL_hexstr2buf_ex(psk->key, sizeof(psk->key), &psk->len, hex,
				   '\0') ||
	    psk->len < KEY_MIN)
		return false;
	psk->identity = strdup(identity);
	return psk->identity;
}

static bool add_line(char *line, const char *path, unsigned int number)
{
	struct psk *psk;

	if (!strchr(line, '\n') && strlen(line) == LINE_MAX_BYTES - 1)
		return fails("%s:%u: the line is too long", path, number);
	line[strcspn(line, "\r\n")] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return true;
	psk = calloc(1, sizeof(*psk));
	if (!psk || !parse_line(psk, line))
		return fails("%s:%u: write an identity, a blank, and a key of %d to %d bytes in hexadecimal digits (openssl rand -hex 32)",
			     path, number, KEY_MIN, KEY_MAX);
	if (find(psk->identity))
		return fails("%s:%u: %s has a key already: leave one", path,
			     number, psk->identity);
	psk->next = keys;
	keys = psk;
	return true;
}

static bool read_lines(FILE *file, const char *path)
{
	char line[LINE_MAX_BYTES];
	unsigned int number = 0;
	bool good = true;

	/* Keys stay in no buffer but ours. */
	setvbuf(file, NULL, _IONBF, 0);
	while (good && fgets(line, sizeof(line), file))
		good = add_line(line, path, ++number);
	OPENSSL_cleanse(line, sizeof(line));
	return good;
}

const char *psk_load(SSL_CTX *ctx, const char *path, bool is_server)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (!file) {
		fails("%s: psk: %s", path, strerror(errno));
		return error;
	}
	good = read_lines(file, path);
	fclose(file);
	if (!good)
		return error;
	if (!keys) {
		fails("%s: psk: it has no key: write a line with an identity and a key",
		      path);
		return error;
	}
	if (!is_server && keys->next) {
		fails("%s: psk: a client has one identity, but here are several: leave one line",
		      path);
		return error;
	}
	SSL_CTX_set_psk_client_callback(ctx, as_client);
	SSL_CTX_set_psk_server_callback(ctx, as_server);
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0
/* Each cipher suite of OpenSSL's, and each AEAD's records, opened one by one. */
#include <err.h>
#include <string.h>

#include "core/record.h"
#include "handover/bed.h"
#include "openssl/cipher.h"
#include "openssl/keys.h"

/* What a suite is, as OpenSSL describes it. */
static const struct aead {
	const char *described;
	const char *name;
	struct fake_key key;
} aeads[] = {
	{ "AESGCM(128)",
	  "AES-128-GCM",
	  { .cipher = "AES-128-GCM", .tag_len = 16 } },
	{ "AESGCM(256)",
	  "AES-256-GCM",
	  { .cipher = "AES-256-GCM", .tag_len = 16 } },
	{ "CHACHA20/POLY1305(256)",
	  "ChaCha20-Poly1305",
	  { .cipher = "ChaCha20-Poly1305", .tag_len = 16 } },
	{ "AESCCM(128)",
	  "AES-128-CCM",
	  { .cipher = "AES-128-CCM", .tag_len = 16 } },
	{ "AESCCM(256)",
	  "AES-256-CCM",
	  { .cipher = "AES-256-CCM", .tag_len = 16 } },
	{ "AESCCM8(128)",
	  "AES-128-CCM-8",
	  { .cipher = "AES-128-CCM", .tag_len = 8 } },
	{ "AESCCM8(256)",
	  "AES-256-CCM-8",
	  { .cipher = "AES-256-CCM", .tag_len = 8 } },
};

#define AEADS (sizeof(aeads) / sizeof(aeads[0]))

static const struct aead *aead_of(const SSL_CIPHER *cipher)
{
	char text[256], enc[64];
	const char *at;
	size_t i;

	SSL_CIPHER_description(cipher, text, sizeof(text));
	at = strstr(text, "Enc=");
	if (!at || sscanf(at, "Enc=%63s", enc) != 1)
		errx(1, "%s", text);
	for (i = 0; i < AEADS; i++)
		if (!strcmp(aeads[i].described, enc))
			return &aeads[i];
	return NULL;
}

/* @found: where the AEADs' suites go, one each. */
static void suites_are_told_apart(SSL *ssl, const struct kdtls_suite **found)
{
	STACK_OF(SSL_CIPHER) *list = SSL_get_ciphers(ssl);
	const struct kdtls_suite *suite;
	const SSL_CIPHER *cipher;
	const struct aead *aead;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(list); i++) {
		cipher = sk_SSL_CIPHER_value(list, i);
		aead = aead_of(cipher);
		suite = kdtls_suite_of(cipher);
		ok(aead ? suite && !strcmp(suite->name, aead->name) : !suite,
		   "%s is %s", SSL_CIPHER_get_name(cipher),
		   suite ? suite->name : "not ours");
		if (aead)
			found[aead - aeads] = suite;
	}
}

/* Does a record of @len bytes, with bit @flip of it turned over? -1: none. */
static bool opens(const struct kdtls_aead *opener, const struct fake_key *key,
		  size_t len, long flip)
{
	uint8_t content[64], bytes[128], *at = bytes;
	struct kdtls_record record;
	size_t record_len, content_len;
	uint8_t *opened;

	memset(content, 'c', sizeof(content));
	record_len = fake_seal(key, len, 23, content, len, bytes);
	if (flip >= 0)
		bytes[flip / 8] ^= 1 << flip % 8;
	if (!kdtls_record_next(&at, bytes + record_len, &record))
		return false;
	return kdtls_record_open(opener, &record, &opened, &content_len) &&
	       content_len == len && !memcmp(opened, content, len);
}

/* Whatever came before: a forgery doesn't spoil the record after it. */
static void forgeries_are_told(const struct aead *aead,
			       const struct kdtls_suite *suite)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 64 };
	struct fake_key sealing = aead->key;
	struct kdtls_key key;
	struct kdtls_aead opener;
	bool good = true, bad = false;
	size_t overhead, i;
	long flip;

	memset(&key, 0x5a, sizeof(key));
	memset(sealing.key, 0x5a, sizeof(sealing.key));
	memset(sealing.iv, 0x5a, sizeof(sealing.iv));
	sealing.epoch = 1;
	kdtls_aead_init(&opener, &kdtls_openssl_ciphers, suite, &key, false);
	overhead = 13 + (suite->iv_len == 4 ? 8 : 0) + sealing.tag_len;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		/* From the epoch on, but for the length: that cuts it. */
		for (flip = 3 * 8; flip < 8 * (long)(overhead + lens[i]);
		     flip++) {
			if (flip >= 11 * 8 && flip < 13 * 8)
				continue;
			bad |= opens(&opener, &sealing, lens[i], flip);
		}
		good &= opens(&opener, &sealing, lens[i], -1);
	}
	ok(good, "%s: records of all lengths are opened", aead->name);
	ok(!bad, "%s: no record with a bit wrong is", aead->name);
	kdtls_aead_wipe(&opener);
}

static void sealed_records_are_opened(const struct aead *aead,
				      const struct kdtls_suite *suite)
{
	struct fake_key opening = aead->key;
	uint8_t content[64], opened[64], bytes[128];
	struct kdtls_aead sealer;
	struct kdtls_key key;
	bool good = true;
	size_t len, record_len;

	memset(&key, 0xa5, sizeof(key));
	memset(opening.key, 0xa5, sizeof(opening.key));
	memset(opening.iv, 0xa5, sizeof(opening.iv));
	memset(content, 's', sizeof(content));
	kdtls_aead_init(&sealer, &kdtls_openssl_ciphers, suite, &key, true);
	for (len = 0; len <= sizeof(content); len++) {
		record_len = kdtls_record_seal(&sealer, 23, 1ULL << 47 | len,
					       content, len, bytes);
		good &= fake_open(&opening, bytes, record_len, opened) ==
				(int)len &&
			!memcmp(opened, content, len);
	}
	ok(good, "%s: sealed records are opened", aead->name);
	kdtls_aead_wipe(&sealer);
}

/* Keys of other origins than a certificate's. */
static void other_key_exchange(const char *cipher, bool server)
{
	struct link l;
	struct end *e = begin(&l, cipher, server);

	check_handover(e, cipher);
	link_close(&l);
}

int main(void)
{
	static const char *const psk[] = {
		"PSK-AES128-CCM8",
		"PSK-AES256-CCM",
		"DHE-PSK-AES128-CCM",
		"DHE-PSK-AES256-CCM8",
		"ECDHE-PSK-CHACHA20-POLY1305",
	};
	const struct kdtls_suite *found[AEADS] = { NULL };
	struct link l;
	size_t i;

	link_open(&l, "ALL:COMPLEMENTOFALL");
	suites_are_told_apart(l.client.ssl, found);
	link_close(&l);
	for (i = 0; i < AEADS; i++)
		forgeries_are_told(&aeads[i], found[i]);
	for (i = 0; i < AEADS; i++)
		sealed_records_are_opened(&aeads[i], found[i]);
	for (i = 0; i < 2 * sizeof(psk) / sizeof(psk[0]); i++)
		other_key_exchange(psk[i / 2], i & 1);
	return finish();
}

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_CIPHER_H
#define _DTLS_CIPHER_H

#include <linux/types.h>

#define DTLS_CIPHER_KEY_MAX	32
#define DTLS_CIPHER_NONCE_LEN	12
#define DTLS_CIPHER_TAG_LEN	16
#define DTLS_CIPHER_INFO_MAX	64
#define DTLS_CIPHER_REC_SEQ_LEN	8

/**
 * struct dtls_cipher - an AEAD of DTLS 1.2, and how it's handed over
 * @name: as RFCs write it
 * @alg: as the kernel's crypto API calls it
 * @type: TLS_CIPHER_* of linux/tls.h
 * @key_len: length of the key, bytes
 * @fixed_iv_len: length of the write IV from the key block, bytes
 * @explicit_len: length of the nonce that each record carries, bytes
 * @tag_len: length of the authentication tag, bytes
 * @ccm_flags: first byte of the IV that the kernel's CCM wants before the nonce:
 *	the length of the length field, minus 1 (RFC 3610, 2.3); 0: not CCM
 * @leaves_key: the kernel leaves the one-time key of the authenticator in the
 *	request
 * @tx_limit: records that one key may seal
 * @rx_limit: records that may fail to authenticate with one key
 * @info_len: length of the cipher's tls12_crypto_info structure, bytes
 * @key_offset: the key in that structure
 * @fixed_iv_offset: the write IV in that structure
 * @rec_seq_offset: rec_seq in that structure
 */
struct dtls_cipher {
	const char	*name;
	const char	*alg;
	u16		type;
	u8		key_len;
	u8		fixed_iv_len;
	u8		explicit_len;
	u8		tag_len;
	u8		ccm_flags;
	bool		leaves_key;
	u64		tx_limit;
	u64		rx_limit;
	u8		info_len;
	u8		key_offset;
	u8		fixed_iv_offset;
	u8		rec_seq_offset;
};

/**
 * dtls_cipher_expansion() - what protection adds behind a record's header
 * @cipher: the cipher
 *
 * Context: any.
 * Return: explicit nonce and tag, bytes.
 */
static inline size_t dtls_cipher_expansion(const struct dtls_cipher *cipher)
{
	return cipher->explicit_len + cipher->tag_len;
}

const struct dtls_cipher *dtls_cipher_find(u16 type);
const struct dtls_cipher *dtls_cipher_at(size_t i);
bool dtls_cipher_has_short_tag(const struct dtls_cipher *cipher);
void dtls_cipher_put_explicit(const struct dtls_cipher *cipher, u8 *fragment,
			      u64 number);
void dtls_cipher_put_nonce(const struct dtls_cipher *cipher, u8 *nonce,
			   const u8 *fixed_iv, const u8 *fragment, u64 number);

#endif /* _DTLS_CIPHER_H */

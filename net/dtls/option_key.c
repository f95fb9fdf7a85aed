// SPDX-License-Identifier: GPL-2.0
/* Options that bring keys and take them away. */
#include <linux/unaligned.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "assoc.h"
#include "context.h"
#include "key.h"
#include "offload_keys.h"
#include "option.h"
#include "ready.h"
#include "trace.h"

static_assert(sizeof(struct dtls12_crypto_info_aes_ccm_256) == 56);
static_assert(sizeof(struct dtls12_crypto_info_aes_ccm_8_128) == 40);
static_assert(sizeof(struct dtls12_crypto_info_aes_ccm_8_256) == 56);

/* A tls12_crypto_info structure of any cipher. */
union crypto_info {
	u8			bytes[DTLS_CIPHER_INFO_MAX];
	struct tls_crypto_info	info;
};

static int copy_key(sockptr_t optval, unsigned int optlen,
		    union crypto_info *key, const struct dtls_cipher **cipher)
{
	if (optlen < sizeof(key->info))
		return -EINVAL;
	if (copy_from_sockptr(&key->info, optval, sizeof(key->info)))
		return -EFAULT;
	if (key->info.version != DTLS_1_2_VERSION)
		return -EPROTONOSUPPORT;
	*cipher = dtls_cipher_find(key->info.cipher_type);
	if (!*cipher)
		return -EOPNOTSUPP;
	if (optlen != (*cipher)->info_len)
		return -EINVAL;
	return copy_from_sockptr(key->bytes, optval, optlen) ? -EFAULT : 0;
}

/* What is read from now on is the new association's, if there was one before. */
static int install_rx(struct sock *sk, struct dtls_aead *aead, u64 number)
{
	struct dtls_context *ctx = dtls_context(sk);
	LIST_HEAD(foreign);
	int err;

	if (!dtls_assoc_has_rx(ctx->assoc))
		dtls_ready_take_opened(ctx, &foreign);
	err = dtls_key_install_rx(ctx->assoc, aead, number);
	if (err)
		dtls_ready_push(sk, &foreign);
	else
		dtls_ready_put_all(&foreign);
	return err;
}

static int install_key(struct sock *sk, int optname,
		       const union crypto_info *key,
		       const struct dtls_cipher *cipher)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	u64 number = get_unaligned_be64(key->bytes + cipher->rec_seq_offset);
	const u8 *iv = key->bytes + cipher->fixed_iv_offset;
	bool is_tx = optname == TLS_TX;
	struct dtls_aead *aead;
	int err;

	/* RFC 6347, 4.1: epoch 0 is that of the unprotected handshake. */
	if (!dtls_record_epoch(number))
		return -EINVAL;
	if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return -ENOTCONN;

	aead = dtls_aead_alloc(cipher, key->bytes + cipher->key_offset, iv);
	if (IS_ERR(aead))
		return PTR_ERR(aead);
	err = is_tx ? dtls_key_install_tx(assoc, aead, number) :
		      install_rx(sk, aead, number);
	if (err) {
		dtls_aead_free(aead);
		return err;
	}
	dtls_offload_keys_add(sk, is_tx ? DTLS_OFFLOAD_TX : DTLS_OFFLOAD_RX,
			      cipher, key->bytes + cipher->key_offset, iv,
			      number);
	return 0;
}

/* TLS_TX, TLS_RX: install a key. */
DTLS_OPTION_SET(key)
{
	const struct dtls_cipher *cipher;
	union crypto_info key;
	int err;

	err = copy_key(optval, optlen, &key, &cipher);
	if (!err)
		err = install_key(sk, optname, &key, cipher);
	memzero_explicit(&key, sizeof(key));
	return err;
}

static struct dtls_epoch *get_newest(struct dtls_assoc *assoc, int optname)
{
	return optname == TLS_TX ? dtls_assoc_get_tx(assoc) :
				   dtls_assoc_get_newest_rx(assoc);
}

/* What a key is for, and how far it is; never the key. */
DTLS_OPTION_GET(key)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	const struct dtls_cipher *cipher;
	union crypto_info key = {};
	struct dtls_epoch *epoch;
	u64 seq;
	u16 nr;

	epoch = get_newest(assoc, optname);
	if (!epoch)
		return -ENOENT;
	cipher = dtls_aead_cipher(epoch->aead);
	seq = dtls_epoch_next_seq(epoch);
	nr = epoch->epoch;
	dtls_epoch_put(epoch);
	/* There's no next number that rec_seq could hold. */
	if (seq > DTLS_RECORD_SEQ_MAX)
		return -EKEYEXPIRED;

	key.info.version = DTLS_1_2_VERSION;
	key.info.cipher_type = cipher->type;
	put_unaligned_be64(dtls_record_number(nr, seq),
			   key.bytes + cipher->rec_seq_offset);
	if (len != sizeof(key.info) && len != cipher->info_len)
		return -EINVAL;
	return dtls_option_put(optval, optlen, len, &key, len);
}

/* DTLS_DROP_EPOCH: forget a receiving key. */
DTLS_OPTION_SET(drop_epoch)
{
	u32 epoch;
	int err;

	err = dtls_option_take(&epoch, sizeof(epoch), optval, optlen);
	if (err)
		return err;
	if (epoch > U16_MAX)
		return -EINVAL;
	return dtls_key_drop_rx(dtls_context(sk)->assoc, epoch);
}

/* DTLS_DETACH: forget all keys. */
DTLS_OPTION_SET(detach)
{
	struct dtls_context *ctx = dtls_context(sk);
	u32 how;
	int err;

	err = dtls_option_take(&how, sizeof(how), optval, optlen);
	if (err)
		return err;
	if (how != DTLS_DETACH_REFUSE && how != DTLS_DETACH_PLAINTEXT)
		return -EINVAL;
	trace_dtls_detach(ctx->assoc->cookie, sk);
	/* Nobody could read what comes up in clear. */
	dtls_offload_keys_evict(ctx, DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX);
	mutex_lock(&ctx->cork.lock);
	dtls_assoc_detach(ctx->assoc, how == DTLS_DETACH_PLAINTEXT);
	dtls_cork_drop(&ctx->cork);
	WRITE_ONCE(ctx->cork.is_set, false);
	mutex_unlock(&ctx->cork.lock);
	WRITE_ONCE(ctx->offload_flags, DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX);
	dtls_offload_keys_retire(ctx);
	/* What is queued is no record any more, but may be read. */
	sk->sk_data_ready(sk);
	return 0;
}

/* DTLS_OFFLOAD: which directions may be left to a network card. */
DTLS_OPTION_SET(offload)
{
	struct dtls_context *ctx = dtls_context(sk);
	u32 flags;
	int err;

	err = dtls_option_take(&flags, sizeof(flags), optval, optlen);
	if (err)
		return err;
	if (flags & ~(DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX))
		return -EINVAL;
	WRITE_ONCE(ctx->offload_flags, flags);
	dtls_offload_keys_evict(ctx, ~flags);
	return 0;
}

DTLS_OPTION_GET(offload)
{
	u32 flags = READ_ONCE(dtls_context(sk)->offload_flags);

	return dtls_option_put(optval, optlen, len, &flags, sizeof(flags));
}

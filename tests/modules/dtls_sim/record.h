/* SPDX-License-Identifier: GPL-2.0 */
/* Records of DTLS 1.2, as the card knows them. */
#ifndef _DTLS_SIM_RECORD_H
#define _DTLS_SIM_RECORD_H

#include <linux/types.h>

#define SIM_HEADER_LEN 13
#define SIM_CID_MAX    20
#define SIM_NONCE_LEN  12
#define SIM_TYPE_CID   25

struct crypto_aead;

/* What records of a key look like, and how they're protected. */
struct sim_protection {
	struct crypto_aead *tfm;
	u16 epoch;
	u8 explicit_len;
	u8 tag_len;
	u8 iv_len;
	u8 ccm_flags; /* the first byte of CCM's IV; 0: another cipher */
	u8 cid_len;
	u8 iv[SIM_NONCE_LEN];
	u8 cid[SIM_CID_MAX];
};

u16 sim_record_epoch(const u8 *record);
int sim_record_len(const u8 *record, size_t room, u8 cid_len);
int sim_record_encrypt(const struct sim_protection *key, u8 *record, size_t len);
int sim_record_decrypt(const struct sim_protection *key, u8 *record, size_t len);

#endif /* _DTLS_SIM_RECORD_H */

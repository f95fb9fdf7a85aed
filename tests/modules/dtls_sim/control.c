// SPDX-License-Identifier: GPL-2.0
/* What the administrator switches with ethtool. */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>

#include "dtls_sim.h"

static const char private_flags[][ETH_GSTRING_LEN] = {
	"dtls-tx",
	"dtls-rx",
};

static const u32 flag_directions[ARRAY_SIZE(private_flags)] = {
	DTLS_OFFLOAD_TX,
	DTLS_OFFLOAD_RX,
};

static void set_directions(struct sim *sim, netdev_features_t features)
{
	u32 directions = sim->directions;

	/* Who computes the checksum must see what is on the wire. */
	if (!(features & NETIF_F_HW_CSUM))
		directions &= ~DTLS_OFFLOAD_TX;
	if (!(features & NETIF_F_RXCSUM))
		directions &= ~DTLS_OFFLOAD_RX;
	dtls_offload_set_directions(sim->dev, directions);
}

int sim_set_features(struct net_device *dev, netdev_features_t features)
{
	struct sim *sim = netdev_priv(dev);

	if ((dev->features ^ features) & (NETIF_F_HW_CSUM | NETIF_F_RXCSUM))
		set_directions(sim, features);
	return 0;
}

static int get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_PRIV_FLAGS ? ARRAY_SIZE(private_flags) :
					  -EOPNOTSUPP;
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set == ETH_SS_PRIV_FLAGS)
		memcpy(data, private_flags, sizeof(private_flags));
}

static u32 get_priv_flags(struct net_device *dev)
{
	const struct sim *sim = netdev_priv(dev);
	u32 flags = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(flag_directions); i++)
		if (sim->directions & flag_directions[i])
			flags |= BIT(i);
	return flags;
}

static int set_priv_flags(struct net_device *dev, u32 flags)
{
	struct sim *sim = netdev_priv(dev);
	u32 directions = 0;
	int i;

	ASSERT_RTNL();
	for (i = 0; i < ARRAY_SIZE(flag_directions); i++)
		if (flags & BIT(i))
			directions |= flag_directions[i];
	sim->directions = directions;
	set_directions(sim, dev->features);
	return 0;
}

const struct ethtool_ops sim_ethtool_ops = {
	.get_link = ethtool_op_get_link,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_priv_flags = get_priv_flags,
	.set_priv_flags = set_priv_flags,
};

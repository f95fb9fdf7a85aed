// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "ending.h"
#include "privilege.h"

static int get_permitted(uint32_t *permitted)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -1;
	*permitted = data[0].permitted;
	return 0;
}

static int keep_only(uint32_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = keep, .permitted = keep },
	};

	return syscall(SYS_capset, &header, data);
}

static void become(const char *name)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (!user)
		end_with(ENDING_PERMISSION,
			 "user %s: %s: make one (adduser --system --group %s), or name another as user",
			 name, errno ? strerror(errno) : "there's no such user",
			 name);
	if (!user->pw_uid)
		end_with(ENDING_PERMISSION,
			 "user %s: that's root: name another one as user",
			 name);
	/* Capabilities survive the change, for keep_only() to choose from. */
	if (prctl(PR_SET_KEEPCAPS, 1) ||
	    initgroups(user->pw_name, user->pw_gid) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		end_with(ending_of(errno), "user %s: %s", name, strerror(errno));
}

void privilege_drop(const char *user, uint32_t keep)
{
	uint32_t permitted;

	if (!getuid() || !geteuid())
		become(user);
	if (get_permitted(&permitted) || keep_only(keep & permitted) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
		end_with(ENDING_SYSTEM, "giving up privileges: %s",
			 strerror(errno));
}

void privilege_end(void)
{
	if (keep_only(0))
		end_with(ENDING_SYSTEM, "giving up privileges: %s",
			 strerror(errno));
}

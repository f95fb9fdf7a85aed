# SPDX-License-Identifier: GPL-2.0
#
# make help says what there is.

cache ?= $(or $(KDTLS_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kdtls)
running := $(shell uname -r)
headers := $(wildcard /lib/modules/$(running)/build)

version := $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' net/dtls/main.c)
dkms-source := /usr/src/dtls-$(version)

.PHONY: all module userspace install uninstall dkms dkms-source dkms-remove \
	deb deps demo test check bench profile clean distclean help

all: userspace $(if $(headers),module)

# For the running kernel. The tests build it for theirs by themselves.
module:
	$(MAKE) -C /lib/modules/$(running)/build M=$(CURDIR)/net/dtls modules

userspace:
	$(MAKE) -C userspace

install uninstall:
	$(MAKE) -C userspace $@

# The module, built again by itself for each kernel that's installed later.
dkms: dkms-source
	dkms install --force dtls/$(version)

# What it's built from, without what was built here.
dkms-source:
	rm -rf $(DESTDIR)$(dkms-source)
	install -d $(DESTDIR)$(dkms-source)
	find include net/dtls -name '*.[ch]' ! -name '*.mod.c' -o -name Makefile | \
		xargs cp --parents -t $(DESTDIR)$(dkms-source)
	sed 's/@version@/$(version)/' net/dtls/dkms.conf.in \
		>$(DESTDIR)$(dkms-source)/dkms.conf

dkms-remove:
	dkms remove dtls/$(version) --all
	rm -rf $(dkms-source)

# DEB_VERSION=0.1.0-0kdtls2 calls them so.
deb: deps
	DEB_VERSION='$(DEB_VERSION)' userspace/packaging/deb
	@ls build/deb/*.deb

deps:
	tests/vm/deps

demo:
	tests/demo/run

test: deps
	tests/run

check: deps
	tests/check/run

# What a datagram costs. BENCH=wall: by the clock, on two processors.
bench: deps
	tests/bench/run $(if $(KERNEL),-k $(KERNEL)) $(BENCH:%=--%)

# Where the instructions of one mode go.
profile: deps
	tests/bench/run $(if $(KERNEL),-k $(KERNEL)) --profile \
		$(or $(MODE),dtls) $(or $(SIZE),1400) $(CIPHER)

clean:
	rm -rf build
	$(if $(headers),$(MAKE) -C $(headers) M=$(CURDIR)/net/dtls clean)

distclean: clean
	rm -rf $(cache)

help:
	@echo "make            the library, and the module if this kernel's headers are here"
	@echo "make install    library, tunnel, manuals; with prefix= and DESTDIR=; make uninstall takes it away"
	@echo "make dkms       install the module by DKMS; make dkms-remove takes it away"
	@echo "make deb        Debian packages of all that, in build/deb"
	@echo "make deps       install the Debian packages that the rest needs"
	@echo "make demo       show what it does, in a virtual machine; HERE=1: on this one"
	@echo "make test       all tests, on each kernel of tests/vm/kernels, in virtual machines"
	@echo "make bench      what a datagram costs; BENCH=wall: by the clock; KERNEL=6.1"
	@echo "make profile    the functions it's spent in; MODE=dtls SIZE=1400 KERNEL=6.1"
	@echo "make check      style, layers, sparse, checkpatch"
	@echo "make clean      remove what was built"
	@echo "make distclean  and what was downloaded ($(cache))"

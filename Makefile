# The front door. Everything is built by meson and ninja; this only knows the order. `make run` and `make check` need nothing but this file on a
# fresh Debian 12: scripts/deps installs what is missing (as root), or says what to install.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
BUILD := build
HULL := $(CURDIR)/$(BUILD)/hull

.PHONY: all tidy run check check-vm bench install uninstall deps clean fuzz lint

all:
	@scripts/deps build
	@CC=musl-gcc scripts/build $(BUILD)

run: all
	@scripts/demo $(HULL)

# CHECK="sys/lifecycle unit" runs only the suites whose names contain one of the words
check:
	@scripts/deps build check
	@test/run $(CHECK)

# the suites in virtual machines only (they are part of check): SUITE="v2 lsm" chooses
check-vm: all
	@scripts/deps build check
	@test/vm/run $(SUITE)

lint:
	@scripts/deps build check
	@test/run lint

# not a part of check: minutes on two cores; what was clean is not looked at again
tidy:
	@scripts/deps build check
	@tools/tidy

bench: all
	@scripts/deps build check
	@scripts/deps bench || echo "bench: without the peers named above"
	@bench/run
	@bench/sandbox

fuzz:
	@scripts/deps build check
	@test/fuzz/run

deps:
	@scripts/deps build check

install: all
	install -D -s -m 755 $(HULL) $(DESTDIR)$(PREFIX)/bin/hull
	[ ! -x $(BUILD)/libexec/hull-systemd ] || install -D -s -m 755 $(BUILD)/libexec/hull-systemd $(DESTDIR)$(PREFIX)/libexec/hull/hull-systemd
	install -D -m 644 include/hull.h $(DESTDIR)$(PREFIX)/include/hull.h
	install -D -m 644 $(BUILD)/src/libhull.a $(DESTDIR)$(PREFIX)/lib/libhull.a
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|^prefix=.*|prefix=$(PREFIX)|' $(BUILD)/src/hull.pc >$(DESTDIR)$(PREFIX)/lib/pkgconfig/hull.pc
	install -d $(DESTDIR)$(SYSCONFDIR)/containers/containers.conf.d
	sed 's|@PREFIX@|$(PREFIX)|g' contrib/containers.conf.d/50-hull.conf >$(DESTDIR)$(SYSCONFDIR)/containers/containers.conf.d/50-hull.conf
	install -d $(DESTDIR)$(PREFIX)/share/hull/profiles
	install -m 644 contrib/profiles/* $(DESTDIR)$(PREFIX)/share/hull/profiles/
	install -d $(DESTDIR)$(PREFIX)/share/doc/hull/plugins
	install -m 755 contrib/plugins/* $(DESTDIR)$(PREFIX)/share/doc/hull/plugins/
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(HULL) completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/hull
	$(HULL) completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_hull
	$(HULL) completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/hull.fish
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(BUILD)/doc/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -d $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 $(BUILD)/doc/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7/

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/hull $(DESTDIR)$(PREFIX)/include/hull.h $(DESTDIR)$(SYSCONFDIR)/containers/containers.conf.d/50-hull.conf
	rm -f $(DESTDIR)$(PREFIX)/lib/libhull.a $(DESTDIR)$(PREFIX)/lib/pkgconfig/hull.pc
	rm -rf $(DESTDIR)$(PREFIX)/libexec/hull $(DESTDIR)$(PREFIX)/share/hull $(DESTDIR)$(PREFIX)/share/doc/hull
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/hull $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_hull
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/hull.fish $(DESTDIR)$(PREFIX)/share/man/man1/hull.1 $(DESTDIR)$(PREFIX)/share/man/man1/hull-*.1 $(DESTDIR)$(PREFIX)/share/man/man7/hull-*.7

clean:
	rm -rf build build-asan build-gcc build-clang build-musl build-fuzz

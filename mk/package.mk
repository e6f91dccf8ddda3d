# Debian packages, and whether they and a fresh clone work on machines that have nothing.

deb:
	$(Q)sh mk/deb.sh $(O)/deb
.PHONY: deb

# In roots that debootstrap makes, with packages of the mirror that this machine uses: needs
# root, the network, some minutes and 2 GB in $(O)/package.
package-check: $(O)/tests/until
	$(Q)CC='$(CC)' sh mk/setup.sh package
	$(Q)sh mk/deb.sh $(O)/deb
	$(Q)$(TEST_ENV) sh tests/run.sh -l $(O)/package/log -s package -t 3600 $(filter-out %/root.sh,$(wildcard tests/package/*.sh))
	$(Q)cat $(O)/package/log/*.log
.PHONY: package-check

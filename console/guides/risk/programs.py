"""What programs do, as tables: those that only read, the options by which they do more, and the others."""

from __future__ import annotations

from console.guides.model import Risk
from console.guides.risk.names import names

_U, _C, _D = Risk.UNKNOWN, Risk.CHANGE, Risk.DESTRUCTIVE

READING = names(
    """
    : [ [[ acpi apropos apt-cache arch arping atq b2sum base32 base64 basename bg blkid bmon break bzcat
    bzgrep cal caller cat cd cksum clear cmp column comm continue corosync-cfgtool ctop cut declare df
    diff diff3 dig dir dirname dirs dmidecode dmstats dpkg-query du dumpe2fs echo egrep envsubst exigrep
    exit expand export expr false fg fgrep figlet findmnt fmt fold free getcap getconf getenforce getent
    getfacl getfattr getopts getsebool grep gron groups head help hexdump host htop id iftop innotop
    iostat iotop jid join jps jq jstack klist kubetail last lastb lastlog let local locale logname
    logout lolcat lpq lpstat ls lsattr lsblk lscpu lsipc lslocks lslogins lsmem lsmod lsns lsof lspci
    lsscsi lsusb lvdisplay lvs lz4cat mailq md5sum modinfo mongostat mongotop mpstat mtr named-checkconf
    named-checkzone nethogs netstat nfsstat nl nload nm nmblookup nproc nslookup nstat ntpq numastat
    nvidia-smi objdump od paste pathchk pg_activity pg_config pg_controldata pg_isready pg_lsclusters
    pg_test_timing pg_top pg_waldump pgmetrics pgrep pidof ping ping6 pkg-config pmap popd pr printenv
    ps pstree pushd pvdisplay pvs pwd pwdx read readelf readlink readonly realpath reset return rev
    runlevel sensors seq sestatus set sha1sum sha224sum sha256sum sha384sum sha512sum shift shopt size
    slabtop sleep snmpget snmpwalk speedtest-cli stat stern strings stty sum systemd-cgls systemd-cgtop
    tac telnet test times toilet tput tr tracepath traceroute traceroute6 true tty type typeset ulimit
    umask uname unexpand unset upower uptime users varnishlog varnishncsa varnishstat varnishtop
    vcgencmd vdir vgdisplay vgs vmstat w wait wc whatis whereis which who whoami whois xzcat xzgrep yes
    zcat zcmp zdiff zegrep zfgrep zgrep zless zmore zstdcat
    """
)
"""They read whatever their arguments are; shell built-ins among them change the shell only."""

READING_UNLESS: dict[str, dict[str, Risk]] = {
    "sort": {"-o --output": _C, "--compress-program": _U},
    "tail": {},
    "date": {"-s --set": _C},
    "dmesg": {"-C -c --clear --read-clear": _D, "-n -D -E --console-level --console-off --console-on": _C},
    "ss": {"-K --kill": _C},
    "arp": {"-d -s -f --delete --set --file": _C},
    "ngrep": {"-O": _C},
    "fuser": {"-k --kill": _C},
    "xmllint": {"--output -o": _C, "--shell": _U},
    "kcat": {"-P": _C, "-F": _U},
    "kafkacat": {"-P": _C, "-F": _U},
    "postqueue": {"-f -i -s": _C},
    "udevadm": {},
    "conntrack": {"-D --delete -I --create -U --update": _C, "-F --flush": _D},
    "rg": {"--pre": _U},
    "ag": {"--pager": _U},
    "man": {"-P --pager -H --html": _U},
    "printf": {"-v": _U},
    "file": {"-C --compile": _C},
    "top": {},
    "history": {"-c -d -w -a": _C},
    "journalctl": {
        "--vacuum-size --vacuum-time --vacuum-files": _D,
        "--rotate --flush --sync --relinquish-var --smart-relinquish-var --update-catalog --setup-keys": _C,
    },
    "yq": {"-i --inplace": _C, "-s --split-exp": _C},
    "tcpdump": {"-w": _C, "-z": _U},
    "pg_dump": {"-f --file": _C},
    "pg_dumpall": {"-f --file": _C},
    "mysqldump": {"-r --result-file -T --tab": _C, "--delete-master-logs --flush-logs": _C},
    "mongoexport": {"-o --out": _C},
    "less": {"-o -O --log-file --LOG-FILE": _C, "-k --lesskey-src": _U},
    "more": {},
    "sysdig": {"-w": _C, "-c": _U},
    "bpftrace": {"--unsafe -e -o": _U},
    "ssh-keyscan": {},
    "xzless": {},
    "gitleaks": {"--report-path": _C},
    "trivy": {"-o --output": _C},
    "grype": {"--file": _C},
    "promtool": {},
    "kubeval": {},
    "shellcheck": {},
    "hadolint": {},
    "tree": {"-o": _C},
    "bind": {"-x -f": _U},
    "hash": {"-p": _U},
    "jobs": {"-x": _U},
    "compgen": {"-C -F -W": _U},
    "mapfile": {"-C": _U},
    "readarray": {"-C": _U},
    "lnav": {"-c -f -e": _U},
    "multitail": {"-l -L -e -a -A": _U},
    "glances": {"--export -w": _C},
    "dstat": {"--output": _C},
    "pidstat": {"-e": _U},
    "lvscan": {"--mknodes --cache": _C},
    "vgscan": {"--mknodes --cache": _C},
    "pvscan": {"--cache --activate -a": _C},
    "sensors": {"-s --set": _C},
    "sar": {"-o": _C},
    "atop": {"-w": _C},
    "btop": {},
    "nvidia-smi": {"-r -pm -pl -e -c -f --filename --gpu-reset --persistence-mode --power-limit": _C},
}
"""They read unless one of these options is given."""

CHANGING = names(
    """
    a2dismod a2dissite a2enmod a2ensite add-apt-repository addgroup adduser ansible-playbook at batch
    chage chattr chfn chgrp chkconfig chmod chown chpasswd chronyd chsh clusterdb convert cp createdb
    createuser csplit depmod dpkg-divert dpkg-reconfigure e2fsck ed emacs ex fallocate fsck gpasswd gpg
    groupadd groupmod grub-install hwclock initdb insmod insserv install joe killall ldconfig ln
    locale-gen logger logrotate losetup lvcreate lvextend lvresize mail mailx make-cert mkdir mkfifo
    mknod mktemp modprobe mogrify mongodump mongofiles mongoimport mutt mv mysql_upgrade mysqlimport
    nano newaliases newgrp notify-send ntpdate nvim partprobe passwd patch pg_basebackup
    pg_createcluster pg_rewind pg_upgrade pgbench pkill postmap pvcreate pvmove pvresize rabbitmq-plugins
    reindexdb rename renice resize2fs restorecon rmdir rmmod scp semanage sendmail setenforce setfacl
    setfattr sftp skill split ssh-copy-id ssh-keygen sudoedit swapoff touch tune2fs umount
    unattended-upgrade unlink update-alternatives update-ca-certificates update-grub update-initramfs
    update-rc.d useradd usermod vacuumdb vgcreate vgextend vi vigr vim vipw visudo wall write xfs_growfs
    xfs_repair
    """
)
"""They change something whatever their arguments are."""

DESTROYING = names(
    """
    badblocks blkdiscard cfdisk cryptsetup debugfs delgroup deluser dmsetup dropdb dropuser fdisk gdisk
    groupdel halt hdparm init kexec killall5 lvreduce lvremove mke2fs mkfs mkswap parted pg_dropcluster
    pg_archivecleanup pg_resetwal poweroff pvremove reboot sfdisk sgdisk shred shutdown srm telinit
    tmpreaper tmpwatch truncate userdel vgremove wipe wipefs zerofree
    """
)
"""What they do cannot be undone."""

LISTING: dict[str, frozenset[str]] = {
    "fdisk": frozenset({"-l", "--list", "-lu"}),
    "sfdisk": frozenset({"-l", "--list", "-d", "--dump"}),
    "parted": frozenset({"-l", "--list", "-lm"}),
    "sgdisk": frozenset({"-p", "--print", "-i"}),
    "gdisk": frozenset({"-l"}),
    "cryptsetup": frozenset({"status", "luksDump", "isLuks"}),
    "dmsetup": frozenset({"ls", "info", "status", "table"}),
    "logrotate": frozenset({"-d", "--debug"}),
    "losetup": frozenset({"-a", "--list", "-l"}),
    "chage": frozenset({"-l", "--list"}),
    "hdparm": frozenset({"-I", "-i", "-t", "-tT"}),
    "tune2fs": frozenset({"-l"}),
    "chkconfig": frozenset({"--list"}),
    "gpg": frozenset({"--verify", "--list-keys", "-k", "-K"}),
    "shutdown": frozenset({"--show"}),
    "update-alternatives": frozenset({"--list", "--display", "--query", "--get-selections"}),
    "ssh-keygen": frozenset({"-l", "-lf", "-lvf"}),
}
"""The first arguments with which such a program only shows something."""

VERSIONED = names(
    """
    ansible ansible-playbook aws az bash cargo certbot cmake consul curl docker docker-compose envoy
    etcdctl gcc gcloud git go grafana-server haproxy helm java javac k6 kubectl make mongod mongosh
    mysql mysqld nginx node npm npx openssl perl php pip pip3 pnpm podman poetry postgres prometheus
    psql python python3 redis-cli redis-server rsync ruby rustc sh ssh systemctl tar terraform traefik
    vault wget yarn zsh
    """
)
"""Programs that say their version and do nothing else when asked for it."""
ASKS_VERSION = frozenset({"--version", "-V", "version", "--help", "-version"})

DIRECTORIES = frozenset(
    {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin"}
)
"""Where a program called by its path is the one of that name."""

HARMLESS_SETTINGS = names(
    """
    AWS_DEFAULT_REGION AWS_PROFILE AWS_REGION COLUMNS COMPOSE_FILE COMPOSE_PROJECT_NAME DEBIAN_FRONTEND
    DOCKER_CONTEXT DOCKER_HOST ETCDCTL_API GREP_COLOR GREP_COLORS HISTTIMEFORMAT HTTP_PROXY http_proxy
    HTTPS_PROXY https_proxy IFS KUBECONFIG LANG LANGUAGE LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES
    LC_NUMERIC LC_TIME LINES MYSQL_PWD NO_COLOR NO_PROXY no_proxy PGAPPNAME PGCONNECT_TIMEOUT PGDATABASE
    PGHOST PGPASSWORD PGPORT PGSSLMODE PGUSER PROMETHEUS_URL REDISCLI_AUTH TERM TIMEFORMAT TZ VAULT_ADDR
    """
)
"""Settings before a command that cannot make another of it."""

HARMFUL_SETTINGS = names(
    """
    BASH_ENV BASHOPTS BROWSER CDPATH CURL_HOME EDITOR ENV GIT_CONFIG_GLOBAL GIT_DIR GIT_EXTERNAL_DIFF
    GIT_PAGER GIT_SSH GIT_SSH_COMMAND GLOBIGNORE KUBE_EDITOR LD_AUDIT LD_LIBRARY_PATH LD_PRELOAD LESS
    LESSCLOSE LESSOPEN MANPAGER NODE_OPTIONS PAGER PATH PERL5LIB PERL5OPT PROMPT_COMMAND PS4 PSQL_EDITOR
    PSQL_PAGER PSQLRC PYTHONPATH PYTHONSTARTUP RUBYOPT SHELL SHELLOPTS SYSTEMD_PAGER VISUAL WGETRC
    """
)
"""Settings that make later commands do something else."""

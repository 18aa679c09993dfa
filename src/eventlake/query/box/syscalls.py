"""The system calls that the seccomp filter decides about, with their numbers on each architecture.

Numbers: https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl and, for aarch64,
https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h
"""

from __future__ import annotations

_TABLE = """
# call x86_64 aarch64
# Change files
creat 85 -
truncate 76 45
ftruncate 77 46
fallocate 285 47
unlink 87 -
unlinkat 263 35
rename 82 -
renameat 264 38
renameat2 316 276
link 86 -
linkat 265 37
symlink 88 -
symlinkat 266 36
mkdir 83 -
mkdirat 258 34
rmdir 84 -
mknod 133 -
mknodat 259 33
chmod 90 -
fchmod 91 52
fchmodat 268 53
chown 92 -
fchown 93 55
lchown 94 -
fchownat 260 54
utime 132 -
utimes 235 -
futimesat 261 -
utimensat 280 88
setxattr 188 5
lsetxattr 189 6
fsetxattr 190 7
removexattr 197 14
lremovexattr 198 15
fremovexattr 199 16
# Reach files by other ways, or hold them in memory
open_by_handle_at 304 265
name_to_handle_at 303 264
memfd_create 319 279
memfd_secret 447 447
io_uring_setup 425 425
io_uring_enter 426 426
io_uring_register 427 427
io_setup 206 0
io_submit 209 2
# Begin programs and processes
fork 57 -
vfork 58 -
execve 59 221
execveat 322 281
# Talk to others
socket 41 198
socketpair 53 199
connect 42 203
bind 49 200
listen 50 201
accept 43 202
accept4 288 242
shmget 29 194
shmat 30 196
shmctl 31 195
semget 64 190
semop 65 193
semctl 66 191
semtimedop 220 192
msgget 68 186
msgsnd 69 189
msgrcv 70 188
msgctl 71 187
mq_open 240 180
mq_unlink 241 181
# Look into other processes, or end them
ptrace 101 117
process_vm_readv 310 270
process_vm_writev 311 271
process_madvise 440 440
process_mrelease 448 448
kcmp 312 272
pidfd_open 434 434
pidfd_getfd 438 438
pidfd_send_signal 424 424
tkill 200 130
rt_sigqueueinfo 129 138
rt_tgsigqueueinfo 297 240
# See another machine than this one
mount 165 40
umount2 166 39
pivot_root 155 41
chroot 161 51
move_mount 429 429
open_tree 428 428
fsopen 430 430
fsconfig 431 431
fsmount 432 432
fspick 433 433
mount_setattr 442 442
swapon 167 224
swapoff 168 225
quotactl 179 60
quotactl_fd 443 443
unshare 272 97
setns 308 268
personality 135 92
# Be somebody else
setuid 105 146
setgid 106 144
setreuid 113 145
setregid 114 143
setresuid 117 147
setresgid 119 149
setfsuid 122 151
setfsgid 123 152
setgroups 116 159
capset 126 91
add_key 248 217
request_key 249 218
keyctl 250 219
# Reach into the kernel, or change the machine
bpf 321 280
perf_event_open 298 241
userfaultfd 323 282
fanotify_init 300 262
init_module 175 105
finit_module 313 273
delete_module 176 106
kexec_load 246 104
kexec_file_load 320 294
reboot 169 142
acct 163 89
syslog 103 116
settimeofday 164 170
clock_settime 227 112
adjtimex 159 171
clock_adjtime 305 266
sethostname 170 161
setdomainname 171 162
iopl 172 -
ioperm 173 -
modify_ldt 154 -
vhangup 153 58
# Decided by what is asked of them
open 2 -
openat 257 56
openat2 437 437
clone 56 220
clone3 435 435
kill 62 129
tgkill 234 131
prlimit64 302 261
"""
_LINES = [line.split() for line in _TABLE.splitlines() if line and not line.startswith("#")]

NUMBERS: dict[str, dict[str, int]] = {
    machine: {line[0]: int(line[column]) for line in _LINES if line[column] != "-"} for column, machine in ((1, "x86_64"), (2, "aarch64"))
}
"""Of each architecture the number of each call that it has, by its name."""
FIRST_UNKNOWN = 451
"""Where the calls begin that came after Linux 5.17, on every architecture: nothing here needs them. Those of x32 are beyond it as well."""
CONDITIONAL = frozenset({"open", "openat", "openat2", "clone", "clone3", "kill", "tgkill", "prlimit64"})
"""Those that the filter lets through for some arguments, or answers as if the kernel did not know them."""

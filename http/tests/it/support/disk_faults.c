/* Makes the disk of a process fail, for as long as a file called `read-only` or `stalled` lies in $DISK_FAULTS:
   writes at a place in a file get EROFS, as after the kernel turned a damaged file system read-only; syncs do not come back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static int on(const char *fault) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("DISK_FAULTS"), fault);
  return access(path, F_OK) == 0;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  if (on("read-only")) { errno = EROFS; return -1; }
  return real(file, bytes, length, at);
}

static int sync_with(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  while (on("stalled")) usleep(20000);
  return real(file);
}

int fsync(int file) { return sync_with("fsync", file); }
int fdatasync(int file) { return sync_with("fdatasync", file); }

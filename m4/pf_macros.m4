# PF_CHECK_CFLAGS(VARIABLE, FLAGS)
# Appends to VARIABLE those of FLAGS that the compiler takes.
AC_DEFUN([PF_CHECK_CFLAGS], [
  for pf_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC takes $pf_flag])
    pf_saved_CFLAGS=$CFLAGS
    # -Werror, since clang only warns about a warning it does not know.
    CFLAGS="$CFLAGS -Werror $pf_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes])
       $1="$$1 $pf_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$pf_saved_CFLAGS
  done
])

# PF_NEED_LINK_FLAGS(FLAGS, PROGRAM, MESSAGE)
# Stops configure with MESSAGE where PROGRAM does not link with FLAGS.
AC_DEFUN([PF_NEED_LINK_FLAGS], [
  AC_MSG_CHECKING([whether $CC links with $1])
  pf_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS $1"
  AC_LINK_IFELSE([$2],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([$3])])
  CFLAGS=$pf_saved_CFLAGS
])

# PF_NEED(PREFIX, MODULES, DEBIAN-PACKAGE)
# PKG_CHECK_MODULES that names the package to install where MODULES are missing.
AC_DEFUN([PF_NEED], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 not found: $$1_PKG_ERRORS
Install it (Debian, Ubuntu: apt-get install $3) and run configure again.])])
])

# PF_LLHTTP
# Finds llhttp: the system's library, or C sources to be compiled in (Debian 12 has only these,
# in node-llhttp).  Sets LLHTTP_CFLAGS, LLHTTP_LIBS, LLHTTP_REQUIRES (for libpfetch.pc),
# LLHTTP_SOURCES_DIR, and the conditional LLHTTP_FROM_SOURCES.
AC_DEFUN([PF_LLHTTP], [
  AC_ARG_WITH([llhttp-sources],
    [AS_HELP_STRING([--with-llhttp-sources=DIR],
      [compile llhttp's api.c, http.c and llhttp.c in DIR into the library, instead of using
       pkg-config's libllhttp])],
    [AS_CASE([$withval], [yes|no], [AC_MSG_ERROR([--with-llhttp-sources needs a directory])])],
    [with_llhttp_sources=])
  LLHTTP_REQUIRES=
  LLHTTP_SOURCES_DIR=$with_llhttp_sources
  AS_IF([test -z "$LLHTTP_SOURCES_DIR"],
    [PKG_CHECK_MODULES([LLHTTP], [libllhttp >= 8.1],
      [LLHTTP_REQUIRES="libllhttp >= 8.1"],
      [LLHTTP_SOURCES_DIR=/usr/share/llhttp])])
  AS_IF([test -n "$LLHTTP_SOURCES_DIR"],
    [AC_MSG_CHECKING([for llhttp's sources in $LLHTTP_SOURCES_DIR])
     AS_CASE([$LLHTTP_SOURCES_DIR], [/*], [], [LLHTTP_SOURCES_DIR=`pwd`/$LLHTTP_SOURCES_DIR])
     pf_llhttp_include=
     # llhttp's own releases have include/ beside src/, Debian has include/llhttp/ beside llhttp/.
     for pf_dir in "$LLHTTP_SOURCES_DIR" "$LLHTTP_SOURCES_DIR/../include" \
                   "$LLHTTP_SOURCES_DIR/../include/llhttp"; do
       AS_IF([test -f "$pf_dir/llhttp.h"], [pf_llhttp_include=$pf_dir])
     done
     AS_IF([test -n "$pf_llhttp_include" && test -f "$LLHTTP_SOURCES_DIR/api.c" &&
            test -f "$LLHTTP_SOURCES_DIR/http.c" && test -f "$LLHTTP_SOURCES_DIR/llhttp.c"],
       [AC_MSG_RESULT([yes])],
       [AC_MSG_RESULT([no])
        AC_MSG_ERROR([llhttp not found, neither as a library (libllhttp >= 8.1) nor as sources in $LLHTTP_SOURCES_DIR.
Install it (Debian 12: apt-get install node-llhttp; later: apt-get install libllhttp-dev), or name
its sources with --with-llhttp-sources=DIR, and run configure again.])])
     # Not ours to warn about, hence -isystem.  Version 8 chooses its strict tables by a macro,
     # that the parser's user must define too, since it changes the header.
     LLHTTP_CFLAGS="-isystem $pf_llhttp_include -DLLHTTP_STRICT_MODE=1"
     LLHTTP_LIBS=
     pf_saved_CPPFLAGS=$CPPFLAGS
     CPPFLAGS="$CPPFLAGS $LLHTTP_CFLAGS"
     AC_MSG_CHECKING([whether llhttp's sources are version 8.1 or later])
     AC_PREPROC_IFELSE([AC_LANG_SOURCE([
#include <llhttp.h>
#if LLHTTP_VERSION_MAJOR * 100 + LLHTTP_VERSION_MINOR < 801
#error too old
#endif
])],
       [AC_MSG_RESULT([yes])],
       [AC_MSG_RESULT([no])
        AC_MSG_ERROR([llhttp in $LLHTTP_SOURCES_DIR is older than 8.1])])
     CPPFLAGS=$pf_saved_CPPFLAGS])
  AC_SUBST([LLHTTP_CFLAGS])
  AC_SUBST([LLHTTP_LIBS])
  AC_SUBST([LLHTTP_REQUIRES])
  AC_SUBST([LLHTTP_SOURCES_DIR])
  AM_CONDITIONAL([LLHTTP_FROM_SOURCES], [test -n "$LLHTTP_SOURCES_DIR"])
])

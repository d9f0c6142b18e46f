# Makes C of the profiles named on the command line: their names (a file's, without directory and
# ".profile") and their texts, in that order.  See ../builtin.h.
function quoted(line) {
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    return "    \"" line "\\n\""
}
BEGIN {
    print "/* Made of lib/endpoint/profiles/ by embed.awk there. */"
    print "#include \"endpoint/builtin.h\"\n"
    print "#include <stddef.h>\n"
    print "const char *const pf_builtin_texts[] = {"
}
FNR == 1 {
    name = FILENAME
    sub(/^.*\//, "", name)
    sub(/\.profile$/, "", name)
    names = names "    \"" name "\",\n"
    if (NR > 1)
        print "    ,"
}
{ print quoted($0) }
END {
    print "    ,\n    NULL};\n"
    print "const char *const pf_builtin_names[] = {\n" names "    NULL};"
}

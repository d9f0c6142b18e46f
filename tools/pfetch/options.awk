# Makes C of options.list: the lines of --help and of --help all.
BEGIN {
    FS = "  +"
    rows = 0
}
/^#/ || /^$/ { next }
/^= / { kind[++rows] = "group"; text[rows] = substr($0, 3); next }
/^>/ { kind[++rows] = "text"; text[rows] = substr($0, 3); next }
{
    common[++rows] = /^\* /
    sub(/^(\* |  )/, "")
    if (NF != 3) {
        printf "options.list:%d: not OPTION  KIND  TEXT\n", NR >"/dev/stderr"
        failed = 1
        exit 1
    }
    kind[rows] = "option"
    spelled[rows] = $1
    text[rows] = $3
    letter[rows] = match($1, /^-[a-zA-Z], /) ? substr($1, 2, 1) : ""
}
END {
    if (failed)
        exit 1
    help()
}

# ---------------------------------------------------------------- help --

function c_line(line) {
    sub(/ +$/, "", line)
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    gsub(/\n/, "\\n", line)
    print "    \"" line "\\n\","
}

# The option, and its text from column 29 on, in lines of at most 80 columns.
function help_option(row, line, word, words, i) {
    line = sprintf("  %-26s ", (letter[row] == "" ? "    " : "") spelled[row])
    if (length(line) > 29) {
        c_line(line)
        line = sprintf("%29s", "")
    }
    words = split(text[row], word, " ")
    for (i = 1; i <= words; i++) {
        if (length(line) + length(word[i]) > 79) {
            c_line(line)
            line = sprintf("%29s", "")
        }
        line = line word[i] " "
    }
    c_line(line)
}

function help_lines(array, all, row) {
    print "\nconst char *const " array "[] = {"
    for (row = 1; row <= rows; row++) {
        if (kind[row] == "text")
            c_line(text[row])
        else if (kind[row] == "group" && all)
            c_line((kind[row - 1] == "text" ? "" : "\n") text[row] ":")
        else if (kind[row] == "option" && (all || common[row]))
            help_option(row)
    }
    print "    NULL};"
}

function help() {
    print "/* Made of tools/pfetch/options.list by options.awk there. */"
    print "#include \"pfetch/options.h\""
    help_lines("options_help", 0)
    help_lines("options_help_all", 1)
}

# The names that a manual page has beside its own: for each in its NAME section "name page".
FNR == 1 {
    page = FILENAME
    sub(/^.*\//, "", page)
    within = 0
}
/^\.SH / { within = $2 == "NAME"; next }
within {
    ends = sub(/ *\\-.*/, "")
    count = split($0, name, /, */)
    for (i = 1; i <= count; i++)
        if (name[i] != "" && name[i] ".3" != page)
            print name[i], page
    if (ends)
        within = 0
}

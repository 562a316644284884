# routes.awk - makes items of mdoc(7) of what `postlatch-portal -x routes` prints.
/^[A-Z]/ {
	printf ".It Cm %s Pa %s\n", $1, $2
	needs = "Access: " $3 ($4 == "csrf" ? ", with CSRF token" : "") ($5 == "none" ? "" : "; takes " $5)
	gsub(/,/, ", ", $6)
	if ($6 != "-")
		needs = needs ": " $6
	next
}
{
	sub(/^ +/, "")
	print
	print needs "."
}

# routes.awk - makes items of mdoc(7) of what `postlatch-portal -x routes` prints.
function list(what, fields)
{
	gsub(/,/, ", ", fields)
	return fields == "-" ? "" : what fields
}
/^[A-Z]/ {
	printf ".It Cm %s Pa %s\n", $1, $2
	needs = "Access: " $3 "; caller: " $4 ($5 == "csrf" ? ", with CSRF token" : "") list("; in the path: ", $8) \
		list("; in the query: ", $9) ($7 == "none" ? "" : "; body: " $7) list(", with ", $10) \
		($11 == "files" ? "; at the name of attachment_url" : "")
	next
}
{
	sub(/^ +/, "")
	print
	print needs "."
}

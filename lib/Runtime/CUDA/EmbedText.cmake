# cmake -DTEXT=… -DLITERAL=… -P EmbedText.cmake: a file's text as a C++ string literal.
file(READ ${TEXT} text)
file(WRITE ${LITERAL} "R\"text(${text})text\"\n")

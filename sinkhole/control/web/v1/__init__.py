"""The API: every operation at an address of its own, and its description made of the same table.

route       one operation at one address
routes      all of them: the table
inputs      from path, query and body to an operation's input
uploads     a body that is a file
answers     from an operation's output to a response: ETag, gzip, pages, files
signing_in  signing in and out, the first account, who one is
events      what happens, as it happens (Server-Sent Events)
subscribers who listens to that
openapi     the description (OpenAPI 3.1)
v1          all of it together
"""

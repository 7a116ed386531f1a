"""Wire formats, compiled from botocore's models; knows nothing of storage or of any service.

errors       what handlers and readers raise, and the words AWS uses for invalid requests
http         requests and replies as the codecs see them
index        which services there are, and how requests name them
model        one service's operations and shapes, read lazily from botocore's files
codec        a protocol's reader, writer and error writer for a service
routes       paths to operations, for the REST protocols
sniff        which of a service's protocols a client spoke
"""

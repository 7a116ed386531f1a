"""S3: buckets, objects and multipart uploads.

buckets      creating, finding, listing and deleting buckets, and the rules for their names
objects      PutObject, and what every module knows of an object's row
reading      GetObject, HeadObject, GetObjectAttributes
deleting     DeleteObject, DeleteObjects
copying      CopyObject, and copy sources
listing      ListObjects of both versions, and the walk over keys with a delimiter
multipart    multipart uploads from their creation to their end
parts        the parts of an upload
tagging      reading and changing the tags of objects
tags         the rules for tags
posting      uploads by an HTML form
post_policy  who signed a form, and what it may hold
forms        multipart/form-data, without holding the file in memory
content      the bytes: rows for small ones, shared pieces of files for large ones
checksums    the algorithms, their combination, and their verification
conditions   If-Match and its relatives, on reads, writes, copies and deletes
metadata     the headers that are stored with an object and come back with it
ranges       which bytes a request wants
errors       the words of errors that several modules raise
wire         virtual hosts, S3's own errors for invalid requests, what the model lacks
"""

ERRORS = {
    "AccessControlListNotSupported": 400,
    "AccessDenied": 403,
    "AuthorizationQueryParametersError": 400,
    "BadDigest": 400,
    "BadRequest": 400,
    "BucketNotEmpty": 409,
    "ConditionalRequestConflict": 409,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "ExpiredToken": 400,
    "IllegalLocationConstraintException": 400,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketAclWithObjectOwnership": 400,
    "InvalidBucketName": 400,
    "InvalidBucketOwnerAWSAccountID": 400,
    "InvalidDigest": 400,
    "InvalidLocationConstraint": 400,
    "InvalidPart": 400,
    "InvalidPartNumber": 416,
    "InvalidPartOrder": 400,
    "InvalidPolicyDocument": 400,
    "InvalidRange": 416,
    "InvalidRedirectLocation": 400,
    "InvalidStorageClass": 400,
    "InvalidTag": 400,
    "InvalidToken": 400,
    "KeyTooLongError": 400,
    "MalformedPOSTRequest": 400,
    "MalformedXML": 400,
    "MaxPostPreDataLengthExceeded": 400,
    "MetadataTooLarge": 400,
    "MethodNotAllowed": 405,
    "MissingRequiredParameter": 400,
    "NoSuchVersion": 404,
    "NotImplemented": 501,
    "PreconditionFailed": 412,
    "SignatureDoesNotMatch": 403,
}

#!/bin/sh
# Run by fogbank once it is ready (/etc/fogbank/init/ready.d); awslocal is the AWS CLI pointed at it.
set -eu
AWS_ACCESS_KEY_ID=111111111111 awslocal --region eu-central-1 sqs create-queue --queue-name warehouse

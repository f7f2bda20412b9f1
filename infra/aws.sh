# shellcheck shell=bash
# Shared by infra/deploy and infra/destroy: errors with hints, and the choice of account and region.

# fail MESSAGE [HINT] [EXIT CODE]: prints an error and exits.
fail() {
    echo "error: $1" >&2
    [ -z "${2:-}" ] || echo " hint: $2" >&2
    exit "${3:-4}"
}

need_value() { [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value" "see --help" 2; }

check_stack_name() {
    [[ $1 =~ ^[A-Za-z][A-Za-z0-9-]{0,127}$ ]] ||
        fail "'$1' cannot be the name of a stack" "use letters, digits and hyphens, and begin with a letter" 2
}

# Sets `account` and `region`.
check_access() {
    command -v aws >/dev/null ||
        fail "the AWS command line was not found" "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    export AWS_PAGER=""
    region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
    [ -n "$region" ] || fail "no region is set" "use --region eu-central-1, AWS_REGION, or aws configure"
    # Version 1 of the AWS command line reads only AWS_DEFAULT_REGION.
    export AWS_REGION=$region AWS_DEFAULT_REGION=$region
    # shellcheck disable=SC2034 # read by the script that sources this file
    account=$(aws sts get-caller-identity --query Account --output text) ||
        fail "AWS does not accept the credentials" "use aws configure, --profile or aws sso login, until aws sts get-caller-identity works"
}

# stack_status NAME: prints the status of a stack. Prints nothing when the stack does not exist.
stack_status() {
    local answer
    if answer=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text 2>&1); then
        echo "$answer"
    elif [[ $answer != *"does not exist"* ]]; then
        echo "$answer" >&2
        fail "failed to read the status of the stack $1" "is cloudformation:DescribeStacks allowed?"
    fi
}

# failures NAME: prints the latest failures of a stack, with their reasons.
failures() {
    # shellcheck disable=SC2016 # the quotes of the query language, not of the shell
    aws cloudformation describe-stack-events --stack-name "$1" --output text --max-items 50 \
        --query 'StackEvents[?contains(ResourceStatus, `FAILED`)].[LogicalResourceId, ResourceStatusReason]' 2>/dev/null |
        grep -v -e '^None$' -e 'Resource creation cancelled' | head -n 10 >&2 || true
}

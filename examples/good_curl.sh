#!/usr/bin/env bash
# A well-behaved bulk deletion with curl and awk. It reads the Location Export, keeps one request in flight, waits out
# every Retry-After, and leaves a report. Secrets go to curl through its standard input, never as arguments.
set -euo pipefail

base="$KIBO_API_HOST/api/commerce/inventory"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
token=''

task() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$KIBO_TASK_FILE" | head -n 1; }
export_file=$(task exportFile)
report_file=$(task reportFile)
rpm=$(task requestsPerMinute)
rph=$(task requestsPerHour)
now() { date +%s; }

# Never more requests in any minute, or in any hour, than the server admits (TH-6).
budget() {
    local limit span count oldest
    for limit in "$rpm 61" "$rph 3601"; do
        read -r limit span <<<"$limit"
        [[ $limit == null ]] && continue
        count=$(wc -l <"$work/sent")
        if ((count >= limit)); then
            oldest=$(tail -n "$limit" "$work/sent" | head -n 1)
            if ((oldest + span > $(now))); then sleep $((oldest + span - $(now))); fi
        fi
    done
    now >>"$work/sent"
}
: >"$work/sent"

send() { # METHOD URL BODY-FILE: one attempt; the answer goes to files
    {
        printf 'request = "%s"\nurl = "%s"\n' "$1" "$2"
        printf 'header = "%s"\n' "Content-Type: application/json" "x-vol-tenant: $KIBO_TENANT"
        [[ -z $token ]] || printf 'header = "Authorization: Bearer %s"\n' "$token"
        [[ -z ${3-} ]] || printf 'data-binary = "@%s"\n' "$3"
    } | curl --silent --noproxy '*' --max-time 3000 --config - --dump-header "$work/head" --output "$work/answer" \
        --write-out '%{http_code}' || true
}

log_in() {
    token=''
    printf '{"client_id":"%s","client_secret":"%s","grant_type":"client_credentials"}' \
        "$KIBO_CLIENT_ID" "$KIBO_SHARED_SECRET" >"$work/login"
    call POST "$KIBO_AUTH_HOST/api/platform/applications/authtickets/oauth" "$work/login"
    token=$(sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' "$work/answer")
}

call() { # METHOD URL BODY-FILE: until it is answered, at most 12 times (RT-3)
    local status wait=2 asked renewed=''
    for _ in {1..12}; do
        [[ -z $token ]] || budget
        status=$(send "$@")
        case $status in
            2??) return ;;
            429) # in full, and 60 s where it does not say (TH-1 to TH-4)
                asked=$(tr -d '\r' <"$work/head" | sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,\}\)$/\1/p')
                sleep $((${asked:-60} + 1))
                ;;
            5?? | 000) # longer each time (RT-1, RT-2)
                sleep "$wait"
                wait=$((wait * 2 > 60 ? 60 : wait * 2))
                ;;
            401) # one new token, then one retry (RT-4, WF-3)
                [[ -z $renewed && -n $token ]] || break
                renewed=yes
                log_in
                ;;
            *) break ;;
        esac
    done
    echo "$1 $2: given up at status $status" >&2
    return 1
}

# One batch a file: products of the export by UPC, which has no pattern characters (ST-2), 500 at most (BA-1 to BA-3).
awk -F'","' 'NR == 1 { next } { gsub(/^"|"$/, ""); print $1 > locations; print $3 > products }' \
    locations="$work/locations" products="$work/products" "$export_file"
locations=$(sort -u "$work/locations" | sed 's/.*/"&"/' | paste -sd, -)
sort -u "$work/products" | sed 's/.*/{"upc":"&"}/' | split -l 500 - "$work/batch."
body() { # BATCH LOCATIONS DRY
    printf '{"items":[%s],"locationCodes":[%s],"dryRun":%s}' "$(paste -sd, "$1")" "$2" "$3" >"$work/body"
}

: >"$work/open"   # a line a job: its id, and its batch
: >"$work/failed" # a line a failed job: its batch, and its location
interval=11
next_poll=$(($(now) + interval))

look() { # at the whole queue with one request; every 10 s, then less often, up to 30 s (JB-1 to JB-3)
    call GET "$base/v1/queue?limit=10000"
    tr '{' '\n' <"$work/answer" | awk '
        { id = status = place = "" }
        match($0, /"jobID":[0-9]+/) { id = substr($0, RSTART + 8, RLENGTH - 8) }
        match($0, /"status":"[A-Z]+/) { status = substr($0, RSTART + 10, RLENGTH - 10) }
        match($0, /"locationCode":"[^"]*/) { place = substr($0, RSTART + 16, RLENGTH - 16) }
        status == "SUCCESS" || status == "FAILED" { print id, status, place }' >"$work/ended"
    awk -v failed="$work/failed" '
        FILENAME == ARGV[1] { status[$1] = $2; place[$1] = $3; next }
        ($1 in status) && status[$1] == "FAILED" { print $2, place[$1] >> failed }
        !($1 in status)' "$work/ended" "$work/open" >"$work/still"
    mv "$work/still" "$work/open"
    interval=$((interval + 3 > 30 ? 30 : interval + 3))
    next_poll=$(($(now) + interval))
}

pass_time() { # until then; looks at the queue when it is time to (BA-6)
    while [[ -s $work/open ]] && ((next_poll <= $1)); do
        if ((next_poll > $(now))); then sleep $((next_poll - $(now))); fi
        look
    done
    if (($1 > $(now))); then sleep $(($1 - $(now))); fi
}

give_up() { # BATCH LOCATIONS: named in the report (RT-3, ST-1)
    local place places
    IFS=, read -ra places <<<"$2"
    for place in "${places[@]}"; do
        sed "s|^{|{\"locationCode\":$place,\"reason\":\"given up\",|" "$1" >>"$work/undone"
    done
}

submit() { # BATCH LOCATIONS: all job ids are kept before anything else happens (BA-4, JB-4); then 7 s pass (BA-5)
    body "$1" "$2" false
    if ! call POST "$base/v5/inventory/deleteItems" "$work/body"; then
        give_up "$1" "$2"
        return
    fi
    # The answer has no newline at its end, and sed would leave the last line without one.
    { cat "$work/answer" && echo; } | sed -n 's/.*"jobIDs":\[\([0-9,]*\)\].*/\1/p' | tr ',' '\n' |
        sed "/./s|\$| $1|" >>"$work/open"
    pass_time $(($(now) + 7))
}

finish() { while [[ -s $work/open ]]; do pass_time "$next_poll"; done; }

log_in
: >"$work/undone" # a line a record, as the report has it
found=()
for batch in "$work"/batch.*; do # WF-1
    body "$batch" "$locations" true
    if call POST "$base/v5/inventory/deleteItems" "$work/body"; then
        found+=("$batch")
    else
        give_up "$batch" "$locations"
    fi
done
for batch in "${found[@]}"; do submit "$batch" "$locations"; done
finish
for _ in 1 2; do # what failed, and no more (JB-5)
    mv "$work/failed" "$work/again"
    : >"$work/failed"
    while read -r batch location; do submit "$batch" "\"$location\""; done <"$work/again"
    finish
done

while read -r batch location; do give_up "$batch" "\"$location\""; done <"$work/failed"
printf '{"undone":[%s]}' "$(paste -sd, "$work/undone")" >"$report_file"
[[ ! -s $work/undone ]]
